import * as vscode from "vscode";

import type { Connection, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { ownName, shownName } from "../shared/naming";
import { originOf } from "../shared/origin";
import { pick } from "./pick";
import { forget } from "./remembered";

/** Closes a connection, given by its name or else picked from those that there are. */
export async function disconnect(context: Context, name?: string): Promise<void> {
  const closed = name ?? (await chooseConnection(context));
  if (closed === undefined) {
    return;
  }
  await context.server.request("provider/disconnect", { provider: closed });
  await forget(context, closed);
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
    label: `$(debug-disconnect) ${shownName(provider?.displayName ?? connection.provider, ownName(connection))}`,
    description: connection.model ?? "",
    detail: [connection.baseUrl, originOf(connection.credential)].filter(Boolean).join(" · "),
    key: connection.name,
    value: connection.name,
  };
}
