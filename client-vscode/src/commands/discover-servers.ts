import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { Context } from "../context";
import type { LocalServer, Provider } from "../protocol";
import { findProvider } from "./choose-provider";
import { connectTo, tellModels } from "./connect";
import { type Action, type Choice, pick } from "./pick";

/** Finds the model servers of this machine and connects the one that is picked. */
export async function discoverServers(context: Context): Promise<void> {
  const again: Action = {
    iconPath: new vscode.ThemeIcon("refresh"),
    tooltip: vscode.l10n.t("Look again"),
    run: (reload) => reload(),
  };
  const server = await pick<LocalServer>({
    title: vscode.l10n.t("Discover Local Servers"),
    placeholder: vscode.l10n.t("Choose a model server of this machine"),
    empty: vscode.l10n.t("No model server answers on this machine: start one, such as Ollama, and look again"),
    buttons: [again],
    load: (show, token) => search(context, show, token),
  });
  const provider = server && (await findProvider(context, server.provider));
  if (server === undefined || provider === undefined) {
    return;
  }
  if ((await connectTo(context, provider, { baseUrl: server.baseUrl })) !== undefined) {
    await tellModels(context, provider);
  }
}

/** Shows each server as it is reported, and all that is known of them once the search is over. */
async function search(
  context: Context,
  show: (choices: readonly Choice<LocalServer>[]) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const workDoneToken = randomUUID();
  const found: Choice<LocalServer>[] = [];
  const progress = await context.server.onProgress(workDoneToken, (message) => {
    found.push({ label: `$(server-process) ${message}` });
    show([...found]);
  });
  try {
    const [{ providers }, { servers }] = await Promise.all([
      context.server.request("provider/list", {}, token),
      context.server.request("provider/discover", { workDoneToken }, token),
    ]);
    show(servers.map((server) => choiceOf(server, providers)));
  } finally {
    progress.dispose();
  }
}

function choiceOf(server: LocalServer, providers: readonly Provider[]): Choice<LocalServer> {
  const name = providers.find((provider) => provider.id === server.provider)?.displayName ?? server.provider;
  const models =
    server.models.length === 0
      ? server.evidence
      : vscode.l10n.t("models: {0}", server.models.join(", "));
  return {
    label: `$(server-process) ${server.version === undefined ? name : `${name} ${server.version}`}`,
    description: server.baseUrl,
    detail: models,
    value: server,
  };
}
