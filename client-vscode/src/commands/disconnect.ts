import * as vscode from "vscode";

import type { Connection, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { originOf } from "../shared/origin";
import { pick } from "./pick";
import { forget } from "./remembered";

/** Disconnects a provider, given by its id or else picked from those that are connected. */
export async function disconnect(context: Context, id?: string): Promise<void> {
  const provider = id ?? (await chooseConnection(context));
  if (provider === undefined) {
    return;
  }
  await context.server.request("provider/disconnect", { provider });
  await forget(context, provider);
  context.modelsChanged("user");
}

function chooseConnection(context: Context): Promise<string | undefined> {
  return pick<string>({
    title: vscode.l10n.t("Disconnect Provider"),
    placeholder: vscode.l10n.t("Choose what to disconnect. Stored keys are kept."),
    empty: vscode.l10n.t("Nothing is connected"),
    load: async (show, token) => {
      const [{ connections }, { providers }] = await Promise.all([
        context.server.request("provider/status", {}, token),
        context.server.request("provider/list", {}, token),
      ]);
      show(connections.map((connection) => choiceOf(connection, providers)));
    },
  });
}

function choiceOf(connection: Connection, providers: readonly Provider[]) {
  const provider = providers.find((one) => one.id === connection.provider);
  return {
    label: `$(debug-disconnect) ${provider?.displayName ?? connection.provider}`,
    description: connection.model ?? "",
    detail: [connection.baseUrl, originOf(connection.credential)].filter(Boolean).join(" · "),
    value: connection.provider,
  };
}
