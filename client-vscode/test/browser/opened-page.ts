import { basename } from "node:path";

import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";

import type { Context } from "../../src/shared/context";
import { registerUsage } from "../../src/views/usage/register";
import * as fakes from "../support/vscode";
import type { Ledger } from "./ledger";
import { THEMES } from "./themes";

const ORIGIN = "https://webview.test";
const TYPES: Readonly<Record<string, string>> = { css: "text/css", js: "text/javascript" };

/** The script and the style of the page by their names, as they are shipped. */
export async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const { bundles } = await import("../../bundles.mjs");
  const { outputFiles } = await build({ ...bundles(true).pages, write: false });
  return new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
}

/** What the editor gives a webview before its own script runs; also records everything that the policy blocks. */
const EDITOR = `
  window.violations = [];
  addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI));
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => void window.toExtension(message),
    getState: () => JSON.parse(sessionStorage.getItem("state") ?? "null") ?? undefined,
    setState: (state) => sessionStorage.setItem("state", JSON.stringify(state)),
  });
`;

/** The real panel of the extension, shown by a real browser in place of the editor. */
export class OpenedPage {
  /** Every address that the page asked for. */
  readonly requested: string[] = [];
  /** What the browser had to complain about. */
  readonly complaints: string[] = [];
  /** How often the log was shown. */
  logsShown = 0;

  private constructor(
    readonly page: Page,
    private readonly panel: fakes.FakePanel,
    private readonly subscriptions: fakes.Disposable[],
    private readonly notified: fakes.EventEmitter<undefined>,
  ) {}

  static async open(
    browser: Browser,
    files: ReadonlyMap<string, string>,
    ledger: Ledger,
    theme = "vscode-dark",
  ): Promise<OpenedPage> {
    const subscriptions: fakes.Disposable[] = [];
    const notified = new fakes.EventEmitter<undefined>();
    const server = {
      request: ledger.answer,
      onNotification: (_: string, heard: () => void) => notified.event(heard),
      onDidChangeState: () => new fakes.Disposable(() => undefined),
    };
    const extension = { subscriptions, extensionUri: fakes.Uri.parse(ORIGIN) };
    const log = { warn: console.warn, show: () => (opened.logsShown += 1) };
    registerUsage({ extension, server, log } as unknown as Context);
    await fakes.commands.executeCommand("modelport.showUsage");
    const panel = fakes.window.panels.pop();
    if (!panel) {
      throw new Error("no panel was opened");
    }
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    const opened = new OpenedPage(page, panel, subscriptions, notified);
    await opened.load(files, theme);
    return opened;
  }

  /** A call was made: what the server notifies of. */
  tell(): void {
    this.notified.fire(undefined);
  }

  /** The user picks another theme. */
  async turn(theme: string): Promise<void> {
    await this.page.evaluate(`(() => { ${themed(theme)} })()`);
  }

  /** What the policy forbade. */
  violations(): Promise<string[]> {
    return this.page.evaluate("window.violations");
  }

  async close(): Promise<void> {
    this.panel.listener = () => undefined;
    this.subscriptions.forEach((one) => one.dispose());
    await this.page.close();
  }

  private async load(files: ReadonlyMap<string, string>, theme: string): Promise<void> {
    const { page, panel } = this;
    page.on("request", (request) => this.requested.push(request.url()));
    page.on("console", (message) => message.type() === "error" && this.complaints.push(message.text()));
    page.on("pageerror", (error) => this.complaints.push(error.message));
    await page.route("**/*", async (route) => {
      const { pathname, origin } = new URL(route.request().url());
      const file = /^\/dist\/([\w-]+\.(js|css))$/.exec(pathname);
      if (origin !== ORIGIN || (pathname !== "/" && !file)) {
        await route.abort();
      } else if (file?.[1]) {
        await route.fulfill({ body: files.get(file[1]) ?? "", contentType: TYPES[file[2] ?? ""] ?? "" });
      } else {
        await route.fulfill({ body: panel.webview.html, contentType: "text/html" });
      }
    });
    await page.exposeFunction("toExtension", (message: unknown) => panel.say(message));
    panel.listener = (message) => void page.evaluate(`window.postMessage(${JSON.stringify(message)}, "*")`);
    await page.addInitScript(EDITOR);
    await page.addInitScript(`addEventListener("DOMContentLoaded", () => { ${themed(theme)} });`);
    await page.goto(ORIGIN);
  }
}

/** A script that does with a theme what the editor does; a theme that is not known has no colours. */
function themed(theme: string): string {
  const style = Object.entries(THEMES[theme] ?? {}).map(([name, value]) => `--vscode-${name}: ${value};`);
  return `
    document.body.className = ${JSON.stringify(theme)};
    document.documentElement.style.cssText = ${JSON.stringify(style.join(" "))};`;
}
