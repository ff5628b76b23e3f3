import * as vscode from "vscode";

import type { CredentialStatus, LoginMethod, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { shownName } from "../shared/naming";
import { instructionOf, LogInView } from "./log-in-view";
import { PROGRESS_DELAY_MS } from "./progress";

/** Which log-in of a provider. */
export interface LogInOptions {
  /** The name of the connection that it is for, where it is not the provider's. */
  readonly name?: string;
  /** Absent: the provider's usual one. */
  readonly method?: LoginMethod;
}

/** The notices that the user has agreed to, in the editor's storage. */
const NOTICES = "notices";

/**
 * Logs the user in to a provider. What there is to do stays in a notification until the server answers, and stands in a
 * list with the actions for it. undefined: a log-in to it is under way already, and is shown again.
 *
 * @throws {vscode.CancellationError} the user has cancelled it.
 */
export async function logInTo(
  context: Context,
  provider: Provider,
  { name, method }: LogInOptions,
): Promise<CredentialStatus | undefined> {
  const id = `${provider.id} ${name?.toLowerCase() ?? ""}`;
  const underWay = context.logIns.get(id);
  if (underWay !== undefined) {
    underWay();
    return undefined;
  }
  const named = { provider: provider.id, ...(name !== undefined && { name }) };
  const title = vscode.l10n.t("Log In to {0}", shownName(provider.displayName, name));
  const source = new vscode.CancellationTokenSource();
  const view = new LogInView(title, {
    pages: context.server.pages,
    agree: (notice) => agreesTo(context, title, notice),
    paste: async (text) => {
      await context.server.request("credential/input", { ...named, text });
    },
    cancel: () => source.cancel(),
  });
  const message = new Announcement();
  const updates = context.server.onNotification("credential/update", (update) => {
    if (update.provider === provider.id && update.name?.toLowerCase() === name?.toLowerCase()) {
      message.set(instructionOf(update));
      view.tell(update).catch((error: unknown) => context.log.warn(`What to do is not shown: ${String(error)}`));
    }
  });
  context.logIns.set(id, () => view.show());
  try {
    const params = { ...named, ...(method !== undefined && { method }) };
    const reply = context.server.request("credential/login", params, source.token);
    await Promise.race([reply, message.announced]);
    if (message.text === undefined) {
      return await reply;
    }
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return await vscode.window.withProgress(options, (progress, token) => {
      token.onCancellationRequested(() => source.cancel());
      message.showIn(progress);
      return reply;
    });
  } finally {
    message.dispose();
    updates.dispose();
    context.logIns.delete(id);
    view.dispose();
    source.dispose();
  }
}

/** What the notification of a log-in says. */
class Announcement implements vscode.Disposable {
  /** Absent until the notification is worth showing. */
  text: string | undefined;
  /** Resolves once there is something to do, or the server takes long. */
  readonly announced: Promise<void>;
  private announce: () => void = () => undefined;
  private progress: vscode.Progress<{ readonly message: string }> | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.announced = new Promise((resolve) => {
      this.announce = resolve;
    });
    this.timer = setTimeout(() => this.set(vscode.l10n.t("Waiting for the provider…")), PROGRESS_DELAY_MS);
  }

  set(text: string): void {
    clearTimeout(this.timer);
    this.text = text;
    this.progress?.report({ message: text });
    this.announce();
  }

  showIn(progress: vscode.Progress<{ readonly message: string }>): void {
    this.progress = progress;
    if (this.text !== undefined) {
      progress.report({ message: this.text });
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

/** Shows a notice, unless the user has agreed to it before; whether the user wants to go on. */
async function agreesTo(context: Context, title: string, notice: string): Promise<boolean> {
  const { globalState } = context.extension;
  const known = globalState.get<readonly string[]>(NOTICES, []);
  if (known.includes(notice)) {
    return true;
  }
  const goOn = vscode.l10n.t("Continue");
  const agreed = (await vscode.window.showWarningMessage(title, { modal: true, detail: notice }, goOn)) === goOn;
  if (agreed) {
    await globalState.update(NOTICES, [...known, notice]);
  }
  return agreed;
}
