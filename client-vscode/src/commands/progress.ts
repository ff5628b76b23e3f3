import * as vscode from "vscode";

import type { ServerRequests } from "../protocol";
import type { Context } from "../shared/context";

/**
 * After this delay a request is shown. Most replies come sooner: a notification for each would flicker, and of more than
 * three in 0.8 s the editor drops the later ones, which would be the message with the result.
 */
export const PROGRESS_DELAY_MS = 500;

/** The reply to a request; shows a progress notification with a cancel button if the reply takes long. */
export async function requestWithProgress<M extends keyof ServerRequests>(
  context: Context,
  title: string,
  method: M,
  params: ServerRequests[M][0],
): Promise<ServerRequests[M][1]> {
  const source = new vscode.CancellationTokenSource();
  const reply = context.server.request(method, params, source.token);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), PROGRESS_DELAY_MS);
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
