import type * as vscode from "vscode";

import type { Server } from "../client";
import { sourceOf } from "../shared/naming";
import { informationOf, type ModelInformation } from "./information";

/** The part of the server that a listing uses. */
export type ListingServer = Pick<Server, "request">;

/**
 * The models of all providers that are connected or have a key.
 *
 * @param cached from the server's cache only: no provider is asked and nothing goes over the network.
 * @throws {Error} the server cannot be started, or ended.
 */
export async function listModels(
  server: ListingServer,
  cached: boolean,
  log: vscode.LogOutputChannel,
  token?: vscode.CancellationToken,
): Promise<ModelInformation[]> {
  const [{ models, errors }, { providers }] = await Promise.all([
    server.request("model/list", { cached }, token),
    server.request("provider/list", { configuredOnly: true }, token),
  ]);
  for (const unlisted of errors) {
    const { error } = unlisted;
    log.warn(`The models of ${sourceOf(unlisted)} could not be listed: ${error.message}`);
  }
  const names = providers.map(
    ({ id, displayName, connectionType }) => [id, { displayName, local: connectionType === "local" }] as const,
  );
  return informationOf(models, new Map(names));
}
