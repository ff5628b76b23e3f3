import * as vscode from "vscode";

import type { Context } from "../shared/context";
import { failureOf } from "../shared/failure";

/** The parts of a connection besides its key, with which it is made again after a restart of the server. */
export interface RememberedConnection {
  readonly provider: string;
  readonly baseUrl?: string;
  readonly model?: string;
}

const KEY = "connections";

/** The connections to make again, oldest first. */
export function remembered(context: Context): readonly RememberedConnection[] {
  return context.extension.globalState.get<readonly RememberedConnection[]>(KEY, []);
}

/** Stores a connection, in place of an earlier one of the provider. */
export async function remember(context: Context, connection: RememberedConnection): Promise<void> {
  const others = remembered(context).filter((one) => one.provider !== connection.provider);
  await context.extension.globalState.update(KEY, [...others, connection]);
}

/** Forgets the connection of a provider, or all of them. */
export async function forget(context: Context, provider?: string): Promise<void> {
  const others = remembered(context).filter((one) => provider !== undefined && one.provider !== provider);
  await context.extension.globalState.update(KEY, others);
}

/** Makes the connections again after each start of the server, without asking the providers. */
export function restoreConnections(context: Context): vscode.Disposable {
  return context.server.onDidChangeState((state) => {
    if (state.kind === "running" && remembered(context).length > 0) {
      void restore(context);
    }
  });
}

async function restore(context: Context): Promise<void> {
  for (const connection of remembered(context)) {
    try {
      await context.server.background.request("provider/connect", { ...connection, verify: false });
    } catch (error) {
      context.log.info(`${connection.provider} is not connected again: ${failureOf(error).message}`);
    }
  }
  context.modelsChanged("restart");
}
