import * as vscode from "vscode";

import type { Remedy } from "../server/launch";
import type { Context } from "../shared/context";

/** Tells that the server cannot be started and offers what can be done; the same thing once, unless somebody asks. */
export class StartFailure {
  private told: string | undefined;
  private open = false;

  constructor(private readonly context: Context) {}

  /** Tells of every failed start from now on that the user has something to do with. */
  watch(): vscode.Disposable {
    return this.context.server.onDidChangeState((state) => {
      if (state.kind === "running") {
        this.told = undefined;
      } else if (state.kind === "failed" && !state.unasked && state.message !== this.told) {
        void this.tell(state.message, state.remedy);
      }
    });
  }

  /** Tells of one, also when it was told before. */
  async tell(message: string, remedy?: Remedy): Promise<void> {
    if (this.open) {
      return;
    }
    this.told = message;
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
      this.told = undefined;
      // What becomes of it is told by the state.
      await this.context.server.restart().catch(() => undefined);
    }
  }
}
