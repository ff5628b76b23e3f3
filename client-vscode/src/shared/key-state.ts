import * as vscode from "vscode";

import type { CredentialKey, CredentialStatus } from "../protocol";
import { originOf } from "./origin";
import { timeOf } from "./rests";

/** What is known of a key besides where it is: whether it is used, when it last was, and which keys it hides. */
export function stateWords(credential: CredentialStatus): string[] {
  const { lastUsedAt, others = [], moreKeys = [] } = credential;
  const words = [healthWords(credential)];
  if (lastUsedAt !== undefined) {
    words.push(vscode.l10n.t("used last {0}", timeOf(lastUsedAt)));
  }
  if (moreKeys.length > 0) {
    words.push(vscode.l10n.t("then {0}", listOf(credential, moreKeys)));
  }
  if (others.length > 0) {
    words.push(vscode.l10n.t("hides {0}", listOf(credential, others)));
  }
  return words.filter(Boolean);
}

/** Why a key is not used, and for how long; empty where it is. */
function healthWords({ health }: Pick<CredentialStatus, "health">): string {
  if (health === undefined) {
    return "";
  }
  if (health.state === "refused") {
    return vscode.l10n.t("refused: {0}", health.error.message);
  }
  return health.until === undefined
    ? vscode.l10n.t("not used now: {0}", health.error.message)
    : vscode.l10n.t("not used until {0}: {1}", timeOf(health.until), health.error.message);
}

function listOf({ provider, source }: CredentialStatus, keys: readonly CredentialKey[]): string {
  return keys.map((key) => originOf({ provider, source, ...key })).join(", ");
}
