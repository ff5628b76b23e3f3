import * as vscode from "vscode";

import type { KeyCheck } from "../protocol";
import type { Context } from "../shared/context";
import { showWarning } from "../shared/failure";
import { shownName } from "../shared/naming";
import { originOf } from "../shared/origin";
import { type Choice, heading, pick } from "./pick";
import { requestWithProgress } from "./progress";
import type { Key } from "./remove-key";

/** Asks the providers whether they take the keys, all of them or those of one entry, and shows what they say. */
export async function testKeys(context: Context, key?: Key): Promise<void> {
  const name = key && shownName(key.provider.displayName, key.credential.name);
  const title = name === undefined ? vscode.l10n.t("Testing all keys…") : vscode.l10n.t("Testing the key of {0}…", name);
  const { results } = await requestWithProgress(context, title, "credential/test", {
    ...(key !== undefined && { provider: key.provider.id }),
    ...(key?.credential.name !== undefined && { name: key.credential.name }),
  });
  const own = key === undefined ? results : results.filter((check) => check.name === key.credential.name);
  const [only] = own;
  if (key !== undefined && name !== undefined && own.length === 1 && only !== undefined) {
    await showOne(context, key.credential.loggedIn === true, name, only);
  } else {
    await showAll(context, own);
  }
}

async function showOne(context: Context, loggedIn: boolean, name: string, check: KeyCheck): Promise<void> {
  if (check.error !== undefined) {
    await showWarning(context, check.error.message);
  } else if (check.ok === true) {
    void vscode.window.showInformationMessage(
      loggedIn ? vscode.l10n.t("{0} takes the log-in.", name) : vscode.l10n.t("{0} takes the key.", name),
    );
  } else {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("{0} cannot be asked about the key without a call that costs.", name),
    );
  }
}

/** Shows the outcomes in a list, those that failed first; picking one does nothing but close it. */
async function showAll(context: Context, checks: readonly KeyCheck[]): Promise<void> {
  const { providers } = await context.server.request("provider/list", {});
  const nameOf = ({ provider: id, name }: KeyCheck) =>
    shownName(providers.find((provider) => provider.id === id)?.displayName ?? id, name);
  const failed = checks.filter((check) => check.error !== undefined);
  const others = checks.filter((check) => check.error === undefined);
  const summary =
    failed.length === 0
      ? vscode.l10n.t("No key was refused.")
      : vscode.l10n.t("Keys that were refused or could not be tested: {0}.", failed.length);
  const choices = [...failed, ...others].map((check, place) => choiceOf(check, nameOf(check), place));
  await pick<number>({
    title: vscode.l10n.t("Test of the Keys"),
    placeholder: summary,
    empty: vscode.l10n.t("No key was found"),
    load: async (show) => show(choices.length === 0 ? [] : [heading(summary), ...choices]),
  });
}

function choiceOf(check: KeyCheck, name: string, place: number): Choice<number> {
  const icon = check.error !== undefined ? "error" : check.ok === true ? "pass" : "question";
  const words =
    check.ok === true
      ? vscode.l10n.t("the provider takes it")
      : check.error === undefined
        ? vscode.l10n.t("cannot be tested without a call that costs")
        : check.error.message;
  return {
    label: `$(${icon}) ${name}`,
    description: originOf({ provider: check.provider, source: check.source, ...optional(check) }),
    detail: words,
    key: String(place),
    value: place,
  };
}

function optional({ location, last4 }: KeyCheck): { location?: string; last4?: string } {
  return { ...(location !== undefined && { location }), ...(last4 !== undefined && { last4 }) };
}
