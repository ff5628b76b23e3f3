import * as vscode from "vscode";

import { machineSetting } from "./server/launcher";
import type { Context } from "./shared/context";

const SETTINGS = ["server.command", "uv.path"] as const;

/** Starts the server again when the way it is started is set to something else. */
export function registerServerSettings({ extension, log, server }: Context): void {
  let before = values();
  extension.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      const now = values();
      // A workspace's own value is an event, too, and changes nothing.
      if (!event.affectsConfiguration("modelport") || now === before) {
        return;
      }
      before = now;
      if (server.state.kind !== "stopped" || server.state.postponed) {
        log.info("The server is started again, because the way it is started was set to something else.");
        // What becomes of it is told by the state.
        server.restart().catch(() => undefined);
      }
    }),
  );
}

function values(): string {
  return JSON.stringify(SETTINGS.map(machineSetting));
}
