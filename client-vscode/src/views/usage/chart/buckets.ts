import type { UsageTotals } from "../../../protocol";
import { daysBetween, plusDays } from "../days";
import type { DayUsage } from "../messages";
import { add, NO_USAGE } from "./totals";

export type Unit = "day" | "week" | "month";

/** The usage of one bar: of a day, of a week from Monday, or of a month, named by its first day. */
export interface Bucket {
  readonly start: string;
  readonly unit: Unit;
  readonly models: ReadonlyMap<string, UsageTotals>;
}

const MAX_BARS = 106;

/** The bars from one day to another, both included, also empty ones; few enough to be told from each other. */
export function toBuckets(days: readonly DayUsage[], from: string, to: string): readonly Bucket[] {
  const count = daysBetween(from, to);
  const unit: Unit = count <= MAX_BARS ? "day" : count <= MAX_BARS * 7 ? "week" : "month";
  const buckets = new Map<string, Map<string, UsageTotals>>();
  for (let start = startOf(from, unit); start <= to; start = after(start, unit)) {
    buckets.set(start, new Map());
  }
  for (const { day, models } of days) {
    const bucket = buckets.get(startOf(day, unit));
    for (const { name, totals } of models) {
      bucket?.set(name, add(bucket.get(name) ?? NO_USAGE, totals));
    }
  }
  return [...buckets].map(([start, models]) => ({ start, unit, models }));
}

function startOf(day: string, unit: Unit): string {
  switch (unit) {
    case "day":
      return day;
    case "week":
      return plusDays(day, -((new Date(day).getUTCDay() + 6) % 7));
    case "month":
      return `${day.slice(0, 7)}-01`;
  }
}

function after(start: string, unit: Unit): string {
  switch (unit) {
    case "day":
      return plusDays(start, 1);
    case "week":
      return plusDays(start, 7);
    case "month":
      // Thirty-two days after the first of a month lies in the next one.
      return startOf(plusDays(start, 32), "month");
  }
}
