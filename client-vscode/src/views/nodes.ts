import * as vscode from "vscode";

import type { BudgetStatus, Connection, Health, Model, Provider } from "../protocol";
import { balanceText, modelDetail } from "../shared/amounts";
import { amounts, budgetDetails, percent } from "../shared/budgets";
import type { Credit } from "../shared/credits";
import { shownName, sourceOf } from "../shared/naming";
import { originOf } from "../shared/origin";
import { restDetail, restOf, restWords } from "../shared/rests";

/** A provider in use, or a connection of it with a name of its own; with `active` where requests without a provider go to it. */
export interface ProviderNode {
  readonly kind: "provider";
  readonly provider: Provider;
  /** The connection's name. */
  readonly connection?: string;
  readonly active?: Connection;
  readonly health?: Health;
}

/** A provider's model; `active` where requests without a model use it. */
export interface ModelNode {
  readonly kind: "model";
  readonly model: Model;
  readonly active: boolean;
}

/** The server's message why there are no models. */
export interface ProblemNode {
  readonly kind: "problem";
  readonly message: string;
}

/** The heading over the budgets. */
export interface BudgetsNode {
  readonly kind: "budgets";
}

/** A budget of the configuration file. */
export interface BudgetNode {
  readonly kind: "budget";
  readonly budget: BudgetStatus;
}

/** The credit of a provider's account. */
export interface CreditNode {
  readonly kind: "credit";
  readonly provider: string;
  readonly credit: Credit;
}

/** The heading over the budgets. */
export function budgetsItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t("Budgets"), vscode.TreeItemCollapsibleState.Expanded);
  item.id = "/budgets";
  item.contextValue = "budgets";
  item.iconPath = new vscode.ThemeIcon("dashboard");
  return item;
}

/** A budget's row: how much of it is spent, and as the icon whether it has come to its warning. */
export function budgetItem({ budget }: BudgetNode): vscode.TreeItem {
  const item = new vscode.TreeItem(budget.name, vscode.TreeItemCollapsibleState.None);
  const [spent, limit] = amounts(budget);
  item.id = `/budgets/${budget.name}`;
  item.description = vscode.l10n.t("{0} · {1} of {2}", percent(budget), spent, limit);
  item.contextValue = "budget";
  item.iconPath = BUDGET_ICONS[budget.state]();
  item.tooltip = plainTooltip(budgetDetails(budget));
  item.accessibilityInformation = { label: budgetDetails(budget).join(", ") };
  item.command = { command: "modelport.showUsage", title: vscode.l10n.t("Show Usage") };
  return item;
}

const BUDGET_ICONS = {
  ok: () => new vscode.ThemeIcon("pass"),
  warned: () => colored("warning", "list.warningForeground"),
  exceeded: () => colored("error", "list.errorForeground"),
};

/** What is left of a provider's credit. */
export function creditItem({ provider, credit }: CreditNode): vscode.TreeItem {
  const label = credit.scope === "key" ? vscode.l10n.t("Credit of the key") : vscode.l10n.t("Credit");
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
  item.id = `/credit/${provider}`;
  item.description = credit.balances.map(balanceText).join(" · ");
  item.contextValue = "credit";
  item.iconPath = new vscode.ThemeIcon("credit-card");
  item.accessibilityInformation = { label: `${label}, ${item.description}` };
  return item;
}

/** A provider's row: its health as the icon, its active model or the origin of its key as the description. */
export function providerItem({ provider, connection, active, health }: ProviderNode): vscode.TreeItem {
  const name = shownName(provider.displayName, connection);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.Collapsed);
  const origin = originOf(provider.credential);
  const state = healthOf(provider, health);
  item.id = connection ?? provider.id;
  const rest = restOf(health);
  item.description = [active?.model ?? origin, rest && restWords(rest)].filter(Boolean).join(" · ");
  item.contextValue = provider.connected ? "provider.connected" : "provider.ready";
  item.iconPath = state.color === undefined ? new vscode.ThemeIcon(state.icon) : colored(state.icon, state.color);
  item.tooltip = providerTooltip(name, provider, origin, state.words, health);
  item.accessibilityInformation = {
    label: [name, state.words, active?.model, origin].filter(Boolean).join(", "),
  };
  return item;
}

/** A model's row, with its limits and price. */
export function modelItem({ model, active }: ModelNode): vscode.TreeItem {
  const name = model.displayName ?? model.id;
  const detail = modelDetail(model);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
  const id = `${sourceOf(model)}/${model.id}`;
  item.id = id;
  item.description = detail;
  item.contextValue = "model";
  item.iconPath = new vscode.ThemeIcon(active ? "check" : "symbol-misc");
  item.tooltip = plainTooltip([id, detail, model.notice ?? ""]);
  item.accessibilityInformation = {
    label: [name, active ? vscode.l10n.t("in use") : "", detail].filter(Boolean).join(", "),
  };
  return item;
}

/** A row with an error message. */
export function problemItem({ message }: ProblemNode): vscode.TreeItem {
  const item = new vscode.TreeItem(message, vscode.TreeItemCollapsibleState.None);
  item.contextValue = "problem";
  item.iconPath = colored("warning", "list.warningForeground");
  item.tooltip = message;
  item.command = { command: "modelport.showLog", title: vscode.l10n.t("Show Log") };
  return item;
}

interface State {
  readonly icon: string;
  readonly color?: string;
  readonly words: string;
}

function healthOf(provider: Provider, health: Health | undefined): State {
  const rest = restOf(health);
  if (rest !== undefined) {
    return { icon: "watch", color: "list.warningForeground", words: restWords(rest) };
  }
  if (health !== undefined && health.calls > 0 && !health.ok) {
    return { icon: "warning", color: "list.warningForeground", words: vscode.l10n.t("the last call failed") };
  }
  if (health !== undefined && health.calls > 0) {
    return { icon: "pass-filled", color: "testing.iconPassed", words: vscode.l10n.t("the last call succeeded") };
  }
  return provider.connected
    ? { icon: "plug", words: vscode.l10n.t("connected") }
    : { icon: "key", words: vscode.l10n.t("ready") };
}

function providerTooltip(
  name: string,
  provider: Provider,
  origin: string,
  state: string,
  health: Health | undefined,
): vscode.MarkdownString {
  const calls =
    health === undefined || health.calls === 0
      ? ""
      : vscode.l10n.t("calls in this session: {0}, failed: {1}", health.calls, health.failures);
  const error = health !== undefined && !health.ok ? (health.lastError?.message ?? "") : "";
  const rests = (health?.circuits ?? []).filter((one) => one.state === "open").map(restDetail);
  return plainTooltip([name, state, ...rests, error, origin, provider.baseUrl ?? "", calls, provider.notice ?? ""]);
}

/** A paragraph per line that is not empty, none of which is parsed as Markdown. */
function plainTooltip(lines: readonly string[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const line of lines.filter(Boolean)) {
    text.appendText(line).appendMarkdown("\n\n");
  }
  return text;
}

function colored(icon: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}
