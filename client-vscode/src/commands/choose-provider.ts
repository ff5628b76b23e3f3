import * as vscode from "vscode";

import type { Provider } from "../protocol";
import type { Context } from "../shared/context";
import { hasKey, isReady, originOf } from "../shared/origin";
import { logInsOf } from "./authenticate";
import { pagesOf } from "./links";
import { type Choice, grouped, pick } from "./pick";

/** Lets the user pick a provider, those that are ready first; undefined if none was picked. */
export function chooseProvider(context: Context): Promise<Provider | undefined> {
  return chooseAmong(context, () => true, {
    title: vscode.l10n.t("Connect Provider"),
    placeholder: vscode.l10n.t("Choose a provider of models"),
    empty: vscode.l10n.t("The server has no provider"),
  });
}

/** Lets the user pick one of the providers with a log-in; undefined if none was picked. */
export function chooseLogIn(context: Context): Promise<Provider | undefined> {
  return chooseAmong(context, (provider) => logInsOf(provider).length > 0, {
    title: vscode.l10n.t("Log In"),
    placeholder: vscode.l10n.t("Choose a provider to log in to"),
    empty: vscode.l10n.t("No provider has a log-in"),
  });
}

function chooseAmong(
  context: Context,
  fits: (provider: Provider) => boolean,
  words: { readonly title: string; readonly placeholder: string; readonly empty: string },
): Promise<Provider | undefined> {
  return pick<Provider>({
    ...words,
    load: async (show, token) => {
      const { providers } = await context.server.request("provider/list", {}, token);
      show(choicesOf(providers.filter(fits)));
    },
  });
}

/** The provider with this id; undefined if the server has none. */
export async function findProvider(context: Context, id: string): Promise<Provider | undefined> {
  const { providers } = await context.server.request("provider/list", {});
  return providers.find((provider) => provider.id === id);
}

function choicesOf(providers: readonly Provider[]): Choice<Provider>[] {
  const usable = providers.filter((provider) => provider.supported && provider.status !== "retired");
  const sorted = [...usable].sort((one, other) => Number(isReady(other)) - Number(isReady(one)));
  return grouped(
    sorted,
    (provider) => (isReady(provider) ? vscode.l10n.t("Ready to use") : provider.category),
    choiceOf,
  );
}

function choiceOf(provider: Provider): Choice<Provider> {
  const { icon, words } = stateOf(provider);
  return {
    label: `$(${icon}) ${provider.displayName}`,
    description: words,
    ...(provider.notice !== undefined && { detail: provider.notice }),
    buttons: pagesOf(provider),
    key: provider.id,
    value: provider,
  };
}

function stateOf(provider: Provider): { icon: string; words: string } {
  const origin = originOf(provider.credential);
  if (provider.connected) {
    return { icon: "pass-filled", words: vscode.l10n.t("connected, {0}", origin) };
  }
  if (hasKey(provider.credential)) {
    return { icon: "key", words: origin };
  }
  if (logInsOf(provider).length > 0) {
    return { icon: "account", words: vscode.l10n.t("log in, or give a key") };
  }
  if (provider.connectionType === "local") {
    return { icon: "device-desktop", words: vscode.l10n.t("local, {0}", origin) };
  }
  if (provider.connectionType === "oauth") {
    return { icon: "account", words: vscode.l10n.t("uses the log-in of its own program") };
  }
  return { icon: provider.credential.source === "none" ? "lock" : "globe", words: origin };
}
