import * as vscode from "vscode";

import { MENU } from "../commands/menu";
import type { BudgetStatus, Circuit, Connection, UsageTotals } from "../protocol";
import { cost, tokens } from "../shared/amounts";
import { percent } from "../shared/budgets";
import type { Context } from "../shared/context";
import { failureOf } from "../shared/failure";
import { ownName, sourceOf } from "../shared/naming";
import { restOf, restWords } from "../shared/rests";
import type { Session } from "./session";
import { statusTooltip } from "./status-tooltip";

/** Calls come in bursts, for which the status is requested once. */
const REFRESH_DELAY_MS = 500;

/** Shows the model in use, what the server is doing and today's usage in the status bar. */
export function registerStatus(context: Context): void {
  context.extension.subscriptions.push(new StatusView(context));
}

class StatusView implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("modelport.status", vscode.StatusBarAlignment.Right, 100);
  private readonly subscriptions: vscode.Disposable;
  private session: Session = { active: null };
  private refreshTimer: NodeJS.Timeout | undefined;
  private midnightTimer: NodeJS.Timeout | undefined;
  private restTimer: NodeJS.Timeout | undefined;

  constructor(private readonly context: Context) {
    const { server } = context;
    this.item.name = "Modelport";
    this.item.command = "modelport.menu";
    this.subscriptions = vscode.Disposable.from(
      this.item,
      server.onDidChangeState((state) => {
        if (state.kind !== "running") {
          this.session = { active: null };
        }
        this.show();
        void this.refresh();
      }),
      server.onNotification("status/changed", (status) => {
        this.session = { ...this.session, status };
        this.show();
      }),
      server.onNotification("usage/updated", () => this.refreshSoon()),
      context.onDidChangeModels(() => this.refreshSoon()),
      context.answering.onDidChange(() => this.show()),
    );
    this.show();
    this.item.show();
    void this.refresh();
  }

  dispose(): void {
    clearTimeout(this.refreshTimer);
    clearTimeout(this.midnightTimer);
    clearTimeout(this.restTimer);
    this.subscriptions.dispose();
  }

  private refreshSoon(): void {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = setTimeout(() => void this.refresh(), REFRESH_DELAY_MS);
  }

  /** Requests the active connection and today's usage. Starts no server. */
  private async refresh(): Promise<void> {
    const { server, log } = this.context;
    clearTimeout(this.midnightTimer);
    if (server.state.kind !== "running") {
      return;
    }
    const since = midnightBefore(new Date());
    try {
      const [{ active, health }, { totals }, { budgets }] = await Promise.all([
        server.background.request("provider/status", {}),
        server.background.request("usage/summary", { since: since.toISOString() }),
        // A server of an earlier version has no budgets.
        server.background.request("budget/list", {}).catch(() => ({ budgets: [] })),
      ]);
      const rest = active === null ? undefined : restOf(health.find((one) => sourceOf(one) === active.name));
      const { status } = this.session;
      this.session = { active, today: totals, budgets, ...(status && { status }), ...(rest && { rest }) };
      this.refreshAfter(rest);
    } catch (error) {
      log.debug(`The status bar could not be brought up to date: ${failureOf(error).message}`);
    }
    // At midnight today's usage begins at zero.
    clearTimeout(this.midnightTimer);
    this.midnightTimer = setTimeout(() => void this.refresh(), midnightAfter(since).getTime() - Date.now());
    this.show();
  }

  private show(): void {
    const { state } = this.context.server;
    const { active, rest, today, budgets = [], status } = this.session;
    const failed = state.kind === "failed" || status?.kind === "error";
    const resting = rest !== undefined && state.kind === "running";
    const name = active === null ? "Modelport" : nameFor(active);
    const amounts = today !== undefined && today.totalCalls > 0 ? [spent(today)] : [];
    const busy = this.context.answering.busy || status?.busy === true;
    const icon = iconFor(state.kind, failed, busy, resting);
    this.item.text = [`$(${icon}) ${plain(name)}`, ...amounts, ...tight(budgets).map(plain)].join(" · ");
    this.item.tooltip = statusTooltip(state, this.session, MENU);
    this.item.backgroundColor = failed ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.accessibilityInformation = { label: spoken(name, state.kind, busy, today, rest, tight(budgets)) };
  }

  /** Requests the status again when the active connection may be called again. */
  private refreshAfter(rest: Circuit | undefined): void {
    clearTimeout(this.restTimer);
    if (rest !== undefined) {
      this.restTimer = setTimeout(() => void this.refresh(), Math.max(rest.retryAfterMs, REFRESH_DELAY_MS));
    }
  }
}

/** The model in use, with the connection's name where that has one of its own. */
function nameFor(active: Connection): string {
  const connection = ownName(active);
  return active.model === undefined ? active.name : [connection, active.model].filter(Boolean).join("/");
}

function iconFor(state: string, failed: boolean, busy: boolean, resting: boolean): string {
  if (failed) {
    return "warning";
  }
  if (state === "starting" || busy) {
    return "loading~spin";
  }
  return state === "waiting" || resting ? "watch" : "sparkle";
}

/** The budgets that have come to their warning, each with the part that is spent. */
function tight(budgets: readonly BudgetStatus[]): string[] {
  return budgets.filter(({ state }) => state !== "ok").map((budget) => `${budget.name} ${percent(budget)}`);
}

function spent(totals: UsageTotals): string {
  return [tokens(totals.inputTokens + totals.outputTokens), cost(totals)].filter(Boolean).join(" · ");
}

/** The text for screen readers. */
function spoken(
  name: string,
  state: string,
  busy: boolean,
  today: UsageTotals | undefined,
  rest: Circuit | undefined,
  budgets: readonly string[],
): string {
  const words: Readonly<Record<string, string>> = {
    starting: vscode.l10n.t("The server is starting"),
    waiting: vscode.l10n.t("The server is about to be started again"),
    failed: vscode.l10n.t("The server could not be started"),
  };
  const parts = [name === "Modelport" ? name : `Modelport: ${name}`, words[state] ?? (busy ? vscode.l10n.t("busy") : "")];
  if (rest !== undefined) {
    parts.push(restWords(rest));
  }
  if (today !== undefined && today.totalCalls > 0) {
    parts.push(vscode.l10n.t("{0} tokens today", tokens(today.inputTokens + today.outputTokens)), cost(today));
  }
  return [...parts, ...budgets].filter(Boolean).join(", ");
}

/** The name, changed so that the status bar draws no part of it as an icon. */
function plain(name: string): string {
  return name.replaceAll("$(", "$ (");
}

function midnightBefore(now: Date): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
}

function midnightAfter(midnight: Date): Date {
  return new Date(midnight.getFullYear(), midnight.getMonth(), midnight.getDate() + 1);
}
