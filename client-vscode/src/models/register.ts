import * as vscode from "vscode";

import type { Context } from "../shared/context";
import { VENDOR } from "./information";
import { ModelProvider } from "./provider";

/** Offers the models of all providers to the editor. */
export function registerModels(context: Context): void {
  const provider = new ModelProvider(context);
  const registration = vscode.lm.registerLanguageModelChatProvider(VENDOR, provider);
  context.extension.subscriptions.push(registration, provider);
  provider.announce();
}
