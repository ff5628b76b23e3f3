import * as vscode from "vscode";

import type { Context } from "../shared/context";
import { dataOf } from "../shared/failure";

/** Offers a log-in where an answer failed for want of one: the editor's chat shows the error, and no button for it. */
export class LogInOffer {
  private shown = false;

  constructor(private readonly context: Pick<Context, "log"> & { readonly server: Pick<Context["server"], "background"> }) {}

  /**
   * Shows the error with a button where its provider has a log-in; one message at a time.
   *
   * @param source the provider or the connection in front of the model
   */
  async make(error: unknown, source: string): Promise<void> {
    const { kind, provider: id } = dataOf(error);
    if ((kind !== "auth_required" && kind !== "auth_rejected") || id === undefined || this.shown) {
      return;
    }
    this.shown = true;
    try {
      const { background } = this.context.server;
      const { providers } = await background.request("provider/list", {});
      const provider = providers.find((one) => one.id === id);
      if (provider?.loginMethods === undefined || provider.loginMethods.length === 0) {
        return;
      }
      const { connections } = await background.request("provider/status", {});
      const connection = connections.find((one) => one.name === source && one.provider === id && source !== id);
      const logIn = vscode.l10n.t("Log In Again");
      const message = error instanceof Error ? error.message : String(error);
      if ((await vscode.window.showErrorMessage(message, logIn)) === logIn) {
        await vscode.commands.executeCommand("modelport.logIn", { provider, connection: connection?.name });
      }
    } catch (problem) {
      this.context.log.debug(`No log-in is offered: ${String(problem)}`);
    } finally {
      this.shown = false;
    }
  }
}
