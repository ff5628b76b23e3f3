import type * as vscode from "vscode";

import type { Server } from "../client";
import type { Answering } from "./answering";

/** Who has changed what models there are; after the user has, their providers may be asked. */
export type ModelsChange = "user" | "restart";

/** What the parts of the extension work with. */
export interface Context {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly server: Server;
  /** What the models are asked for just now. */
  readonly answering: Answering;
  /** Fires when models or connections may have changed, because something was connected, forgotten or set. */
  readonly onDidChangeModels: vscode.Event<ModelsChange>;
  /** Says that they have. */
  modelsChanged(change: ModelsChange): void;
}
