import type * as vscode from "vscode";

import type { Server } from "../client";
import type { Answering } from "./answering";

/** Why the models may have changed. Only after a change by the user may the providers be asked for their lists. */
export type ModelsChange = "user" | "restart";

/** The objects that all parts of the extension share. */
export interface Context {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly server: Server;
  /** The answers that are being streamed. */
  readonly answering: Answering;
  /** The log-ins under way, by provider and name, each with what shows it again. */
  readonly logIns: Map<string, () => void>;
  /** Fires when models or connections may have changed, because one was connected, disconnected or set. */
  readonly onDidChangeModels: vscode.Event<ModelsChange>;
  /** Fires `onDidChangeModels`. */
  modelsChanged(change: ModelsChange): void;
}
