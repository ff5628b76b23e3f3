import * as vscode from "vscode";

import type { Context } from "../../shared/context";
import { Credits } from "../../shared/credits";
import { failureOf } from "../../shared/failure";
import { loadCredits, loadUsage } from "./data";
import { parseFromPage, parseToPage, type Range, type ToPage } from "./messages";
import { pageHtml } from "./page";
import { pageStrings } from "./strings";

/** Calls come in bursts, for which the page is drawn once. */
const REFRESH_DELAY_MS = 1_000;

/** A panel with the usage page may run its script, and load files from dist only. */
export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, enableForms: false, localResourceRoots: [vscode.Uri.joinPath(extension, "dist")] };
}

/** The usage page in its panel: sends a report when the page asks for one, and after calls while the page is visible. */
export class UsagePanel implements vscode.Disposable {
  private readonly disposables: vscode.Disposable[] = [];
  private range: Range | undefined;
  private loading: vscode.CancellationTokenSource | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failed = false;
  private readonly credits: Credits;

  constructor(
    private readonly context: Context,
    private readonly panel: vscode.WebviewPanel,
  ) {
    this.credits = new Credits(context.server);
    const { webview } = panel;
    const { extensionUri } = context.extension;
    const strings = pageStrings();
    webview.options = webviewOptions(extensionUri);
    this.disposables.push(
      webview.onDidReceiveMessage((message) => this.receive(message)),
      context.server.onNotification("usage/updated", () => this.refreshSoon()),
      context.server.onDidChangeState(({ kind }) => {
        if (kind === "running" && this.failed) {
          this.refreshSoon();
        }
      }),
    );
    const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", name)).toString();
    const files = { script: file("usage.js"), style: file("usage.css"), cspSource: webview.cspSource };
    webview.html = pageHtml(files, vscode.env.language, strings.title, strings.loading);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.loading?.cancel();
    this.loading?.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private receive(value: unknown): void {
    const message = parseFromPage(value);
    if (!message) {
      this.context.log.warn("The usage page sent a message of an unknown form; it is ignored.");
      return;
    }
    if (message.kind === "showLog") {
      this.context.log.show();
      return;
    }
    this.range = message.range;
    if (message.kind === "ready") {
      this.send({ kind: "texts", locale: vscode.env.language, strings: pageStrings() });
    }
    void this.refresh(message.range);
  }

  /** A hidden page has been discarded; it asks for a report itself when it is shown again. */
  private refreshSoon(): void {
    if (this.timer === undefined && this.panel.visible && this.range !== undefined) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        if (this.panel.visible && this.range !== undefined) {
          void this.refresh(this.range);
        }
      }, REFRESH_DELAY_MS);
    }
  }

  private async refresh(range: Range): Promise<void> {
    this.loading?.cancel();
    this.loading?.dispose();
    const loading = new vscode.CancellationTokenSource();
    this.loading = loading;
    this.send({ kind: "loading" });
    try {
      const report = await loadUsage(this.context.server, range, new Date(), loading.token);
      const message = parseToPage({ kind: "report", report });
      if (!message) {
        throw new Error(vscode.l10n.t("The server's answer cannot be read: it may be of another version."));
      }
      this.answer(loading, message);
    } catch (error) {
      this.answer(loading, { kind: "failed", message: error instanceof Error ? error.message : String(error) });
      return;
    }
    await this.addCredits(loading);
  }

  /** Adds the credits to a report that is shown: providers may take their time to tell them. */
  private async addCredits(loading: vscode.CancellationTokenSource): Promise<void> {
    try {
      const credits = await loadCredits(this.context.server, this.credits, loading.token);
      const message = parseToPage({ kind: "credits", credits });
      if (message && credits.length > 0) {
        this.answer(loading, message);
      }
    } catch (error) {
      this.context.log.debug(`The credits cannot be shown: ${failureOf(error).message}`);
    }
  }

  /** Answers a request of the page, unless there has been a newer one. */
  private answer(loading: vscode.CancellationTokenSource, message: ToPage): void {
    if (this.loading === loading && !loading.token.isCancellationRequested) {
      this.failed = message.kind === "failed";
      this.send(message);
    }
  }

  private send(message: ToPage): void {
    void this.panel.webview.postMessage(message);
  }
}
