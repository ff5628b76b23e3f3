import * as vscode from "vscode";

import { Server } from "./client";
import { registerCommands } from "./commands/register";
import { registerModels } from "./models/register";
import { createLauncher } from "./server/launcher";
import { registerServerSettings } from "./settings";
import { Answering } from "./shared/answering";
import type { Context, ModelsChange } from "./shared/context";
import { registerProviders } from "./views/providers";
import { registerBudgetWarnings } from "./views/budget-warnings";
import { registerStatus } from "./views/status";
import { registerUsage } from "./views/usage/register";
import { vaultOver } from "./vault";

/** Called by the editor once it has started. Registers everything; the first request starts the server. */
export function activate(extension: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Modelport", { log: true });
  const server = new Server(createLauncher(extension, log), log, vaultOver(extension.secrets));
  const modelsChanged = new vscode.EventEmitter<ModelsChange>();
  const answering = new Answering();
  extension.subscriptions.push(log, server, modelsChanged, answering);
  const context: Context = {
    extension,
    log,
    server,
    answering,
    logIns: new Map(),
    onDidChangeModels: modelsChanged.event,
    modelsChanged: (change) => modelsChanged.fire(change),
  };
  registerServerSettings(context);
  registerModels(context);
  registerCommands(context);
  registerStatus(context);
  registerBudgetWarnings(context);
  registerProviders(context);
  registerUsage(context);
}
