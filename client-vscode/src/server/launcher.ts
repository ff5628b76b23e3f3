import * as vscode from "vscode";

import type { Launch, Launcher } from "./launch";

/** The ways to start the server on this machine, in their order. */
export function createLauncher(_extension: vscode.ExtensionContext, _log: vscode.LogOutputChannel): Launcher {
  return { find: async () => chosen(), dispose: () => undefined };
}

function chosen(): Launch {
  // What a workspace says does not count: the setting is the machine's, and this holds where the editor does not check.
  const values = vscode.workspace.getConfiguration("modelport").inspect<string[]>("server.command");
  const [command = "modelport", ...args] = values?.globalValue ?? [];
  return { command, args: [...args, "serve"], reason: `The server is started as ${command}.` };
}
