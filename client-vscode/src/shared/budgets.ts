import * as vscode from "vscode";

import type { BudgetStatus } from "../protocol";
import { money } from "./amounts";

/** A budget on a line: daily: $4.21 of $5.00, 84%. */
export function budgetLine(budget: BudgetStatus): string {
  return vscode.l10n.t("{0}: {1} of {2}, {3}", budget.name, ...amounts(budget), percent(budget));
}

/** A budget in sentences, each a line: how far it is used up, what is reserved, when it begins anew and what it counts. */
export function budgetDetails(budget: BudgetStatus): string[] {
  const { reservedUsdMicros, resetsAt, raisedUntil, unpricedCalls, scope } = budget;
  const { provider, model, project, client, role } = scope;
  const counted = [provider, model, project, client, role].filter((name) => name !== undefined);
  return [
    budgetLine(budget),
    reservedUsdMicros > 0 ? vscode.l10n.t("Reserved for calls under way: {0}", money(reservedUsdMicros / 1_000_000)) : "",
    resetsAt === undefined ? "" : vscode.l10n.t("Begins anew: {0}", clock(new Date(resetsAt))),
    raisedUntil === undefined ? "" : vscode.l10n.t("Limit raised until: {0}", clock(new Date(raisedUntil))),
    unpricedCalls > 0 ? vscode.l10n.t("Calls without a known price: {0}", unpricedCalls) : "",
    counted.length > 0 ? vscode.l10n.t("Counts only: {0}", counted.join(", ")) : "",
  ].filter(Boolean);
}

/** What to warn of when a budget has come to a further state. */
export function budgetWarning(budget: BudgetStatus): string {
  const [spent, limit] = amounts(budget);
  const name = budget.name;
  const used =
    budget.state === "exceeded"
      ? vscode.l10n.t("The budget {0} is used up: {1} of {2} are spent.", name, spent, limit)
      : vscode.l10n.t("{3} of the budget {0} is used: {1} of {2} are spent.", name, spent, limit, percent(budget));
  const next = budget.action === "refuse" ? vscode.l10n.t("Calls that do not fit are not sent.") : "";
  const reset =
    budget.resetsAt === undefined ? "" : vscode.l10n.t("It begins anew on {0}.", clock(new Date(budget.resetsAt)));
  return [used, next, reset].filter(Boolean).join(" ");
}

/** The part of a budget that is spent, rounded down: 100% is all of it. */
export function percent({ fraction }: BudgetStatus): string {
  const options = { style: "percent", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(vscode.env.language, options).format(Math.floor(fraction * 100) / 100);
}

/** The spent amount and the limit. */
export function amounts(budget: BudgetStatus): [string, string] {
  return [money(budget.spentUsdMicros / 1_000_000), money(budget.limitUsdMicros / 1_000_000)];
}

function clock(moment: Date): string {
  return new Intl.DateTimeFormat(vscode.env.language, { dateStyle: "medium", timeStyle: "short" }).format(moment);
}
