import * as vscode from "vscode";

import type { Context } from "../../shared/context";
import { UsagePanel, webviewOptions } from "./panel";

const VIEW_TYPE = "modelport.usage";

/** Registers the command that shows the usage page, and restores the panel when a window is opened again. */
export function registerUsage(context: Context): void {
  const { extension } = context;
  let shown: vscode.WebviewPanel | undefined;

  const fill = (panel: vscode.WebviewPanel): void => {
    const page = new UsagePanel(context, panel);
    shown = panel;
    panel.onDidDispose(() => {
      page.dispose();
      if (shown === panel) {
        shown = undefined;
      }
    });
  };

  extension.subscriptions.push(
    vscode.commands.registerCommand("modelport.showUsage", () => {
      if (shown) {
        shown.reveal();
        return;
      }
      const options = { ...webviewOptions(extension.extensionUri), retainContextWhenHidden: false };
      const title = vscode.l10n.t("Modelport Usage");
      fill(vscode.window.createWebviewPanel(VIEW_TYPE, title, vscode.ViewColumn.Active, options));
    }),
    vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
        if (shown) {
          // The command has already opened a panel, and there is only one.
          panel.dispose();
          return;
        }
        fill(panel);
      },
    }),
    new vscode.Disposable(() => {
      shown?.dispose();
    }),
  );
}
