import * as vscode from "vscode";

import type { Context } from "../context";
import type { ServerRequests } from "../protocol";

/** The reply to a request that may take its time: shown as a notification with a button that cancels it. */
export function ask<M extends keyof ServerRequests>(
  context: Context,
  title: string,
  method: M,
  params: ServerRequests[M][0],
): Thenable<ServerRequests[M][1]> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, (_, token) => context.server.request(method, params, token));
}
