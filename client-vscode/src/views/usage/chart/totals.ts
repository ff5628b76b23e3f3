import type { UsageTotals } from "../../../protocol";
import type { DayUsage, Measure, NamedTotals } from "../messages";

export const NO_USAGE: UsageTotals = {
  totalCalls: 0,
  failedCalls: 0,
  cancelledCalls: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  usdMicros: 0,
  unpricedCalls: 0,
  estimatedCalls: 0,
};

/** The sum of both, field by field. */
export function add(one: UsageTotals, other: UsageTotals): UsageTotals {
  return {
    totalCalls: one.totalCalls + other.totalCalls,
    failedCalls: one.failedCalls + other.failedCalls,
    cancelledCalls: one.cancelledCalls + other.cancelledCalls,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
    usdMicros: one.usdMicros + other.usdMicros,
    unpricedCalls: one.unpricedCalls + other.unpricedCalls,
    estimatedCalls: one.estimatedCalls + other.estimatedCalls,
  };
}

/** The value of a measure: tokens, calls, or millionths of a US dollar. */
export function valueOf(totals: UsageTotals, measure: Measure): number {
  switch (measure) {
    case "tokens":
      return totals.inputTokens + totals.outputTokens;
    case "inputTokens":
      return totals.inputTokens;
    case "outputTokens":
      return totals.outputTokens;
    case "money":
      return totals.usdMicros;
    case "calls":
      return totals.totalCalls;
  }
}

/** The totals of each model over all days, most tokens first. */
export function byModel(days: readonly DayUsage[]): readonly NamedTotals[] {
  const sums = new Map<string, UsageTotals>();
  for (const { name, totals } of days.flatMap((day) => day.models)) {
    sums.set(name, add(sums.get(name) ?? NO_USAGE, totals));
  }
  return [...sums].map(([name, totals]) => ({ name, totals })).sort(inOrderOf("tokens"));
}

/** Compares by value, largest first, then by calls, then by name, so that the order never varies. */
export function inOrderOf(measure: Measure): (one: NamedTotals, other: NamedTotals) => number {
  return (one, other) =>
    valueOf(other.totals, measure) - valueOf(one.totals, measure) ||
    other.totals.totalCalls - one.totals.totalCalls ||
    (one.name < other.name ? -1 : 1);
}
