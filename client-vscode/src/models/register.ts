import * as vscode from "vscode";

import type { Context } from "../context";
import { ModelProvider } from "./provider";

/** The vendor under which other extensions select these models; also in package.json. */
const VENDOR = "modelport";

/** Offers the models of all providers to the editor. */
export function registerModels(context: Context): void {
  const provider = new ModelProvider(context);
  const registration = vscode.lm.registerLanguageModelChatProvider(VENDOR, provider);
  context.extension.subscriptions.push(registration, provider);
  provider.announce();
}
