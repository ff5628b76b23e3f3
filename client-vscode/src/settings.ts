import * as vscode from "vscode";

import { machineSetting } from "./server/launcher";
import type { Context } from "./shared/context";

const SETTINGS = ["server.command", "uv.path"] as const;

/** Restarts the server when a setting that says how it is started has changed. */
export function registerServerSettings({ extension, log, server }: Context): void {
  let before = values();
  extension.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      const now = values();
      // A workspace's own value fires the event, too, but is not used.
      if (!event.affectsConfiguration("modelport") || now === before) {
        return;
      }
      before = now;
      if (server.state.kind !== "stopped" || server.state.postponed) {
        log.info("The server is restarted, because a setting that says how it is started has changed.");
        // A failure is reported through the state.
        server.restart().catch(() => undefined);
      }
    }),
  );
}

function values(): string {
  return JSON.stringify(SETTINGS.map(machineSetting));
}
