import * as vscode from "vscode";

import { openPage } from "../pages";
import type { Provider } from "../protocol";
import type { Context } from "../shared/context";
import { failureOf, showFailure } from "../shared/failure";
import { chooseWay, logInsOf, type Way } from "./authenticate";

/** What comes before the next try: a key, a log-in or an address, or nothing. */
export type Step = Way | "address" | "again";

/** Shows why a connection or a log-in was refused, and lets the user choose how to go on. */
export async function remedyFor(
  context: Context,
  provider: Provider,
  error: unknown,
  { keyTyped, loggingIn }: { readonly keyTyped: boolean; readonly loggingIn: boolean },
): Promise<Step | undefined> {
  const { kind, field } = failureOf(error);
  const enterKey = keyTyped ? vscode.l10n.t("Try Another Key") : vscode.l10n.t("Enter a Key");
  const logIn =
    loggingIn || provider.credential.loggedIn ? vscode.l10n.t("Log In Again") : vscode.l10n.t("Log In");
  const openKeyPage = vscode.l10n.t("Open Key Page");
  const again = vscode.l10n.t("Try Again");
  const address = vscode.l10n.t("Change the Address");
  const buttons: string[] = [];
  if (field === "baseUrl") {
    buttons.push(address);
  } else if (kind !== undefined && KEY_ERRORS.has(kind)) {
    const canLogIn = logInsOf(provider).length > 0 && kind !== "keyring_unavailable";
    buttons.push(...(canLogIn ? [logIn] : []), enterKey, ...(provider.keyUrl === undefined ? [] : [openKeyPage]));
  } else if (kind !== undefined && TRANSIENT_ERRORS.has(kind)) {
    buttons.push(...(loggingIn ? [logIn] : [again, address]));
  } else if ((kind === "invalid_response" || kind === "unsupported") && !loggingIn) {
    buttons.push(address);
  }
  switch (await showFailure(context, error, ...buttons)) {
    case enterKey:
      return "key";
    case logIn:
      return chooseWay(provider, { withKey: false });
    case openKeyPage:
      await openPage(provider.keyUrl ?? "");
      return "key";
    case address:
      return "address";
    case again:
      return "again";
    default:
      return undefined;
  }
}

const KEY_ERRORS: ReadonlySet<string> = new Set([
  "auth_required",
  "auth_rejected",
  "keyring_unavailable",
  "forbidden",
  "invalid_key_format",
]);
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set([
  "network",
  "tls",
  "timeout",
  "rate_limited",
  "provider_unavailable",
]);
