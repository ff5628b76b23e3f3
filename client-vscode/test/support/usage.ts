import type { UsageTotals } from "../../src/protocol";
import { NO_USAGE } from "../../src/views/usage/chart/totals";
import type { DayUsage, NamedTotals, UsageReport } from "../../src/views/usage/messages";

/** Totals of one call, but for what is given. */
export function totals(given: Partial<UsageTotals> = {}): UsageTotals {
  return { ...NO_USAGE, totalCalls: 1, ...given };
}

/** Sums of a model with so many input tokens. */
export function used(name: string, inputTokens: number, given: Partial<UsageTotals> = {}): NamedTotals {
  return { name, totals: totals({ inputTokens, ...given }) };
}

export function day(name: string, ...models: readonly NamedTotals[]): DayUsage {
  return { day: name, models };
}

/** A report of a week, but for what is given. */
export function report(given: Partial<UsageReport> = {}): UsageReport {
  return {
    range: 7,
    from: "2026-11-14",
    to: "2026-11-20",
    everUsed: true,
    totals: totals(),
    days: [],
    clients: [],
    projects: [],
    budgets: [],
    sources: [],
    ...given,
  };
}
