import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { LocalServer, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { connectTo, showModelCount } from "./connect";
import { connectionAt } from "./name-connection";
import { type Action, type Choice, Found, pick } from "./pick";

/** A local server that answered, and the provider under which it is connected. */
interface Answering {
  readonly server: LocalServer;
  readonly provider: Provider;
}

/** Finds the model servers of this machine, and connects the one that the user picks. */
export async function discoverServers(context: Context): Promise<void> {
  const again: Action = {
    iconPath: new vscode.ThemeIcon("refresh"),
    tooltip: vscode.l10n.t("Look again"),
    run: (reload) => reload(),
  };
  const shown = new Found<Answering>(({ server }) => server.baseUrl);
  const found = await pick<Answering>({
    title: vscode.l10n.t("Discover Local Servers"),
    placeholder: vscode.l10n.t("Choose a model server of this machine"),
    empty: vscode.l10n.t("No model server answers on this machine: start one, such as Ollama, and look again"),
    buttons: [again],
    load: (show, token) => search(context, shown, show, token),
  });
  if (found === undefined) {
    return;
  }
  const { provider, server } = found;
  const asked = await connectionAt(context, provider, server.baseUrl);
  if (asked === undefined) {
    return;
  }
  const connection = await connectTo(context, provider, { ...asked, baseUrl: server.baseUrl });
  if (connection !== undefined) {
    await showModelCount(context, provider, connection);
  }
}

/** Shows each server as soon as it has answered. */
async function search(
  context: Context,
  shown: Found<Answering>,
  show: (choices: readonly Choice<Answering>[]) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const { providers } = await context.server.request("provider/list", {}, token);
  const known = (servers: readonly LocalServer[]): Answering[] =>
    servers.flatMap((server) => {
      const provider = providers.find((one) => one.id === server.provider);
      return provider === undefined ? [] : [{ server, provider }];
    });
  const streamId = randomUUID();
  const updates = context.server.onNotification("provider/update", ({ streamId: updated, update }) => {
    if (updated === streamId) {
      show(choicesOf(shown.add(...known([update.server]))));
    }
  });
  try {
    const { servers } = await context.server.request("provider/discover", { streamId }, token);
    show(choicesOf(shown.complete(known(servers))));
  } finally {
    updates.dispose();
  }
}

/** The rows, each with a label of its own: servers of one kind and version are told apart by their addresses. */
function choicesOf(found: readonly Answering[]): Choice<Answering>[] {
  const names = found.map(({ server, provider }) => [provider.displayName, server.version].filter(Boolean).join(" "));
  return found.map(({ server, provider }, place) => {
    const name = names[place] ?? provider.displayName;
    const alone = names.filter((other) => other === name).length === 1;
    return {
      label: `$(server-process) ${alone ? name : vscode.l10n.t("{0} at {1}", name, hostOf(server.baseUrl))}`,
      description: server.baseUrl,
      detail: server.models.length === 0 ? server.evidence : vscode.l10n.t("models: {0}", server.models.join(", ")),
      key: server.baseUrl,
      value: { server, provider },
    };
  });
}

/** The address without what all of them have. */
function hostOf(address: string): string {
  return address.replace(/^[a-z]+:\/\//i, "").replace(/\/+$/, "");
}
