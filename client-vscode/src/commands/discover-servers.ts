import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { LocalServer, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { connectTo, showModelCount } from "./connect";
import { type Action, type Choice, pick } from "./pick";

/** A local server that answered, and the provider under which it is connected. */
interface Found {
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
  const found = await pick<Found>({
    title: vscode.l10n.t("Discover Local Servers"),
    placeholder: vscode.l10n.t("Choose a model server of this machine"),
    empty: vscode.l10n.t("No model server answers on this machine: start one, such as Ollama, and look again"),
    buttons: [again],
    load: (show, token) => search(context, show, token),
  });
  if (found !== undefined && (await connectTo(context, found.provider, { baseUrl: found.server.baseUrl })) !== undefined) {
    await showModelCount(context, found.provider);
  }
}

/** Shows each server as soon as it has answered, and in the end all of them in the server's order. */
async function search(
  context: Context,
  show: (choices: readonly Choice<Found>[]) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const { providers } = await context.server.request("provider/list", {}, token);
  const found: LocalServer[] = [];
  const showAll = (servers: readonly LocalServer[]) => show(servers.flatMap((server) => choiceOf(server, providers)));
  const streamId = randomUUID();
  const updates = context.server.onNotification("provider/update", ({ streamId: updated, update }) => {
    if (updated === streamId) {
      found.push(update.server);
      showAll(found);
    }
  });
  try {
    showAll((await context.server.request("provider/discover", { streamId }, token)).servers);
  } finally {
    updates.dispose();
  }
}

function choiceOf(server: LocalServer, providers: readonly Provider[]): Choice<Found>[] {
  const provider = providers.find((one) => one.id === server.provider);
  if (provider === undefined) {
    return [];
  }
  const models =
    server.models.length === 0
      ? server.evidence
      : vscode.l10n.t("models: {0}", server.models.join(", "));
  return [
    {
      label: `$(server-process) ${[provider.displayName, server.version].filter(Boolean).join(" ")}`,
      description: server.baseUrl,
      detail: models,
      value: { server, provider },
    },
  ];
}
