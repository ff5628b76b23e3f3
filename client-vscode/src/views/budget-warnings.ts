import * as vscode from "vscode";

import { budgetWarning } from "../shared/budgets";
import type { Context } from "../shared/context";

/** Warns when a budget has come to a further state. The server reports each once, to one of the editors. */
export function registerBudgetWarnings(context: Context): void {
  context.extension.subscriptions.push(
    context.server.onNotification("usage/updated", ({ budgets = [] }) => {
      for (const budget of budgets) {
        void warn(budgetWarning(budget));
      }
    }),
  );
}

async function warn(sentence: string): Promise<void> {
  const show = vscode.l10n.t("Show Usage");
  if ((await vscode.window.showWarningMessage(sentence, show)) === show) {
    await vscode.commands.executeCommand("modelport.showUsage");
  }
}
