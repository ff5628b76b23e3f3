import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { LocalServer, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { connectTo, tellModels } from "./connect";
import { type Action, type Choice, pick } from "./pick";

/** A server that answered, and the provider it is connected as. */
interface Found {
  readonly server: LocalServer;
  readonly provider: Provider;
}

/** Finds the model servers of this machine and connects the one that is picked. */
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
    await tellModels(context, found.provider);
  }
}

/** Shows each server as soon as it has answered, ready to be picked, and all in their order once the search is over. */
async function search(
  context: Context,
  show: (choices: readonly Choice<Found>[]) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const { providers } = await context.server.request("provider/list", {}, token);
  const found: LocalServer[] = [];
  const showAll = (servers: readonly LocalServer[]) => show(servers.flatMap((server) => choiceOf(server, providers)));
  const streamId = randomUUID();
  const updates = context.server.onNotification("provider/update", (piece) => {
    if (piece.streamId === streamId) {
      found.push(piece.update.server);
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
