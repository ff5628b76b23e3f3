import * as vscode from "vscode";

import type { Context } from "../shared/context";
import { failureOf } from "../shared/failure";

/** The parts of a connection besides its key, with which it is made again after a restart of the server. */
export interface RememberedConnection {
  readonly provider: string;
  /** Its name, where it is not the provider's id. */
  readonly name?: string;
  readonly baseUrl?: string;
  readonly model?: string;
}

const KEY = "connections";

/** The connections to make again, oldest first. */
export function remembered(context: Context): readonly RememberedConnection[] {
  return context.extension.globalState.get<readonly RememberedConnection[]>(KEY, []);
}

/** The name of a connection: its own, or the provider's id. */
export function nameOf({ provider, name }: { readonly provider: string; readonly name?: string }): string {
  return name ?? provider;
}

/** Stores a connection, in place of an earlier one of its name. */
export async function remember(context: Context, connection: RememberedConnection): Promise<void> {
  await forget(context, nameOf(connection));
  await context.extension.globalState.update(KEY, [...remembered(context), connection]);
}

/** Forgets the connection of this name. */
export async function forget(context: Context, name: string): Promise<void> {
  const others = remembered(context).filter((one) => nameOf(one) !== name);
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
      context.log.info(`${nameOf(connection)} is not connected again: ${failureOf(error).message}`);
    }
  }
  context.modelsChanged("restart");
}
