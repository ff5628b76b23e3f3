import * as vscode from "vscode";

import type { Remedy } from "../server/launch";
import type { Context } from "../shared/context";

/** Shows that the server cannot be started, and offers remedies; the same message once, unless a command needs it. */
export class StartFailure {
  private shown: string | undefined;
  private open = false;

  constructor(private readonly context: Context) {}

  /** Shows each failed start from now on, unless it was a background one. */
  watch(): vscode.Disposable {
    return this.context.server.onDidChangeState((state) => {
      if (state.kind === "running") {
        this.shown = undefined;
      } else if (state.kind === "failed" && !state.background && state.message !== this.shown) {
        void this.show(state.message, state.remedy);
      }
    });
  }

  /** Shows a failure, also if it was shown before. */
  async show(message: string, remedy?: Remedy): Promise<void> {
    if (this.open) {
      return;
    }
    this.shown = message;
    const showLog = vscode.l10n.t("Show Log");
    const choose = vscode.l10n.t("Choose the Command");
    const again = vscode.l10n.t("Try Again");
    this.open = true;
    let pressed: string | undefined;
    try {
      pressed = await vscode.window.showErrorMessage(
        message,
        again,
        ...(remedy === undefined ? [] : [remedy.label]),
        choose,
        showLog,
      );
    } finally {
      this.open = false;
    }
    if (pressed === showLog) {
      this.context.log.show();
    } else if (pressed === choose) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "modelport.server.command");
    } else if (remedy !== undefined && pressed === remedy.label) {
      await vscode.env.openExternal(vscode.Uri.parse(remedy.url));
    } else if (pressed === again) {
      this.shown = undefined;
      // A failure is reported through the state.
      await this.context.server.restart().catch(() => undefined);
    }
  }
}
