import * as vscode from "vscode";

import { openPage } from "../pages";
import type { Provider } from "../protocol";
import type { Action } from "./pick";

/** The buttons that open a provider's own pages. */
export function pagesOf(provider: Provider): Action[] {
  const { keyUrl, docsUrl } = provider;
  const actions: Action[] = [];
  if (keyUrl !== undefined) {
    actions.push(keyPage(keyUrl));
  }
  if (docsUrl !== undefined) {
    actions.push({
      iconPath: new vscode.ThemeIcon("book"),
      tooltip: vscode.l10n.t("Open the documentation"),
      run: () => openPage(docsUrl),
    });
  }
  return actions;
}

/** The button that opens the page where keys are made. */
export function keyPage(keyUrl: string): Action {
  return {
    iconPath: new vscode.ThemeIcon("link-external"),
    tooltip: vscode.l10n.t("Open the page where keys are made"),
    run: () => openPage(keyUrl),
  };
}
