import * as vscode from "vscode";

import type { UsageTotals } from "../protocol";
import type { ServerState } from "../server/state";
import { cost, tokens } from "../shared/amounts";
import { budgetLine } from "../shared/budgets";
import { originOf } from "../shared/origin";
import { restDetail } from "../shared/rests";
import type { Session } from "./session";

/** The tooltip of the status bar item. Its links may run `commands` and no others. */
export function statusTooltip(
  state: ServerState,
  { active, rest, today, budgets = [], status }: Session,
  commands: readonly string[],
): vscode.MarkdownString {
  const text = new vscode.MarkdownString("**Modelport** — ", true);
  text.isTrusted = { enabledCommands: commands };
  text.appendText(sentenceFor(state));
  if (status?.message !== undefined) {
    paragraph(text, status.message);
  }
  if (active !== null) {
    const model = active.model ?? vscode.l10n.t("no model chosen");
    paragraph(text, vscode.l10n.t("{0} of {1}, {2}", model, active.name, originOf(active.credential)));
  }
  if (active !== null && rest !== undefined) {
    paragraph(text, `${active.name}: ${restDetail(rest)}`);
  }
  if (today !== undefined) {
    paragraph(text, today.totalCalls === 0 ? vscode.l10n.t("No usage today.") : usedToday(today));
  }
  for (const budget of budgets) {
    paragraph(text, budgetLine(budget));
  }
  text.appendMarkdown("\n\n---\n\n");
  text.appendMarkdown(linksFor(state).join(" · "));
  return text;
}

function sentenceFor(state: ServerState): string {
  switch (state.kind) {
    case "stopped":
      return state.postponed
        ? vscode.l10n.t("The server is installed when it is first used.")
        : vscode.l10n.t("The server is not running; it is started when it is needed.");
    case "starting":
      return vscode.l10n.t("The server is starting…");
    case "running":
      return vscode.l10n.t("The server is running.");
    case "waiting":
      return vscode.l10n.t("The server has ended and is about to be started again.");
    case "failed":
      return state.message;
  }
}

function usedToday(today: UsageTotals): string {
  const used = vscode.l10n.t(
    "Today: {0} tokens in, {1} tokens out, calls: {2}",
    tokens(today.inputTokens),
    tokens(today.outputTokens),
    today.totalCalls,
  );
  return [used, cost(today)].filter(Boolean).join(", ");
}

function linksFor(state: ServerState): string[] {
  if (state.kind === "failed") {
    return [
      link(vscode.l10n.t("Try Again"), "modelport.restart"),
      link(vscode.l10n.t("Show Log"), "modelport.showLog"),
    ];
  }
  return [
    link(vscode.l10n.t("Switch Model"), "modelport.switchModel"),
    link(vscode.l10n.t("Connect Provider"), "modelport.connect"),
    link(vscode.l10n.t("Show Usage"), "modelport.showUsage"),
    link(vscode.l10n.t("Show Log"), "modelport.showLog"),
  ];
}

function link(words: string, command: string): string {
  return `[${words}](command:${command})`;
}

/** Adds a paragraph of plain text: the server's texts must not be parsed as Markdown. */
function paragraph(text: vscode.MarkdownString, words: string): void {
  text.appendMarkdown("\n\n");
  text.appendText(words);
}
