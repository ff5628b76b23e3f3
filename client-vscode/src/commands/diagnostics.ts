import * as vscode from "vscode";

import type { Check, CheckStatus } from "../protocol";
import type { Context } from "../shared/context";
import { requestWithProgress } from "./progress";

const SCHEME = "modelport-diagnostics";

/** The last report, as a read-only document. */
export class Diagnostics implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly uri = vscode.Uri.parse(`${SCHEME}:Modelport%20Diagnostics.md`);
  private report = "";

  readonly onDidChange = this.changed.event;

  constructor(private readonly context: Context) {
    context.extension.subscriptions.push(
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    );
  }

  provideTextDocumentContent(): string {
    return this.report;
  }

  /** Makes the server check its installation, and shows the report. */
  async run(): Promise<void> {
    const { checks } = await requestWithProgress(this.context, vscode.l10n.t("Checking the installation…"), "diagnostics/run", {});
    this.report = reportOf(checks, this.context);
    this.changed.fire(this.uri);
    const document = await vscode.workspace.openTextDocument(this.uri);
    await vscode.window.showTextDocument(document, { preview: true });
    const copy = vscode.l10n.t("Copy");
    void vscode.window.showInformationMessage(summary(checks), copy).then(async (pressed) => {
      if (pressed === copy) {
        await vscode.env.clipboard.writeText(this.report);
      }
    });
  }
}

function summary(checks: readonly Check[]): string {
  const failed = checks.filter((check) => check.status === "fail").length;
  const warnings = checks.filter((check) => check.status === "warn").length;
  return failed + warnings === 0
    ? vscode.l10n.t("All {0} checks passed.", checks.length)
    : vscode.l10n.t("Checks that failed: {0}. Checks that need attention: {1}.", failed, warnings);
}

function reportOf(checks: readonly Check[], context: Context): string {
  const manifest = context.extension.extension.packageJSON as { readonly version?: string };
  const lines = checks.map(({ id, status, detail, action }) => {
    const line = `- ${wordFor(status)} **${id}**: ${detail}`;
    return action === undefined ? line : `${line}\n  → ${action}`;
  });
  return [
    `# ${vscode.l10n.t("Modelport diagnostics")}`,
    "",
    `- Modelport ${manifest.version ?? "?"}, ${vscode.env.appName} ${vscode.version}`,
    ...lines,
    "",
  ].join("\n");
}

function wordFor(status: CheckStatus): string {
  switch (status) {
    case "ok":
      return `✓ ${vscode.l10n.t("ok")}`;
    case "warn":
      return `⚠ ${vscode.l10n.t("attention")}`;
    case "fail":
      return `✗ ${vscode.l10n.t("failed")}`;
  }
}
