import * as vscode from "vscode";

import type { ServerRequests } from "../protocol";
import type { Context } from "../shared/context";

/**
 * A request has so long before it is shown. Most replies come sooner: a notification for each would only flicker, and
 * the editor drops whatever comes after three in 0.8 s, which would be the message that says how it ended.
 */
const UNSEEN_MS = 500;

/** The reply to a request; where it takes its time, a notification says so and has a button that cancels it. */
export async function ask<M extends keyof ServerRequests>(
  context: Context,
  title: string,
  method: M,
  params: ServerRequests[M][0],
): Promise<ServerRequests[M][1]> {
  const source = new vscode.CancellationTokenSource();
  const reply = context.server.request(method, params, source.token);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), UNSEEN_MS);
  });
  try {
    if ((await Promise.race([reply, late])) === "late") {
      const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
      await vscode.window.withProgress(options, (_, token) => {
        token.onCancellationRequested(() => source.cancel());
        return reply;
      });
    }
    return await reply;
  } finally {
    clearTimeout(timer);
    source.dispose();
  }
}
