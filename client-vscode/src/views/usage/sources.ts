import type { UsageGroup } from "../../protocol";
import { PRICE_SOURCES, type PriceSource, type SourceTotals } from "./messages";

/** What calls cost by the source of their price, in the order of `PRICE_SOURCES`; sources without calls are left out. */
export function bySource(groups: readonly UsageGroup[]): SourceTotals[] {
  return PRICE_SOURCES.flatMap((source) => {
    const own = groups.filter(({ key }) => sourceOf(key) === source).map(({ totals }) => totals);
    const sum = (count: (totals: UsageGroup["totals"]) => number) => own.reduce((all, one) => all + count(one), 0);
    const calls = sum(({ totalCalls }) => totalCalls);
    const usdMicros = sum((one) => one.usdMicros);
    return calls === 0 ? [] : [{ source, calls, usdMicros, estimatedCalls: sum((one) => one.estimatedCalls) }];
  });
}

/** A source that a later server may have is one that this page does not know. */
function sourceOf(key: string): PriceSource {
  return PRICE_SOURCES.find((source) => source === key) ?? "unknown";
}
