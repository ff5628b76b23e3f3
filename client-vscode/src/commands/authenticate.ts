import * as vscode from "vscode";

import type { LoginMethod, Provider } from "../protocol";
import { type Choice, pick } from "./pick";

/** How a provider is to know the user: by a key that is typed, or by a log-in. */
export type Way = "key" | LoginMethod;

/** Lets the user choose among the provider's log-ins and a key, where there is a choice; undefined if cancelled. */
export async function chooseWay(provider: Provider, { withKey }: { readonly withKey: boolean }): Promise<Way | undefined> {
  const ways: Way[] = [...logInsOf(provider), ...(withKey ? (["key"] as const) : [])];
  if (ways.length <= 1) {
    return ways[0];
  }
  return pick<Way>({
    title: vscode.l10n.t("Connect {0}", provider.displayName),
    placeholder: vscode.l10n.t("Choose how {0} is to know you", provider.displayName),
    empty: "",
    load: async (show) => show(ways.map((way) => choiceOf(way, ways))),
  });
}

/** A later server may have more of them. */
const KNOWN: ReadonlySet<string> = new Set<LoginMethod>(["device", "code"]);

/** The log-ins that a provider has and this extension can show. */
export function logInsOf({ loginMethods }: Provider): readonly LoginMethod[] {
  return (loginMethods ?? []).filter((method) => KNOWN.has(method));
}

function choiceOf(way: Way, ways: readonly Way[]): Choice<Way> {
  const several = ways.includes("device") && ways.includes("code");
  switch (way) {
    case "key":
      return { label: `$(key) ${vscode.l10n.t("Enter a Key…")}`, value: way };
    case "device":
      return {
        label: `$(account) ${several ? vscode.l10n.t("Log In with a Code…") : vscode.l10n.t("Log In…")}`,
        detail: vscode.l10n.t("You enter a short code on a page of the provider, on this machine or another one."),
        value: way,
      };
    case "code":
      return {
        label: `$(account) ${several ? vscode.l10n.t("Log In in the Browser…") : vscode.l10n.t("Log In…")}`,
        detail: vscode.l10n.t("A page of the provider is opened, which comes back to this machine."),
        value: way,
      };
  }
}
