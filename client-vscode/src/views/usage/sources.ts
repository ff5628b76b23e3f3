import type { Call } from "../../protocol";
import { PRICE_SOURCES, type PriceSource, type SourceTotals } from "./messages";

/** What calls cost by the source of their price, in the order of `PRICE_SOURCES`; sources without calls are left out. */
export function bySource(calls: readonly Call[]): SourceTotals[] {
  const sources = calls.map(({ usage }) => ({ source: sourceOf(usage), usage }));
  return PRICE_SOURCES.flatMap((source) => {
    const own = sources.filter((one) => one.source === source).map(({ usage }) => usage);
    const usdMicros = own.reduce((sum, usage) => sum + (usage.usdMicros ?? 0), 0);
    const estimatedCalls = own.filter((usage) => usage.costEstimated === true).length;
    return own.length === 0 ? [] : [{ source, calls: own.length, usdMicros, estimatedCalls }];
  });
}

function sourceOf({ usdMicros, costSource }: Call["usage"]): PriceSource {
  if (typeof usdMicros !== "number") {
    return "unknown";
  }
  // A call that is free has no source. A source that a later server may have is one that this page does not know.
  const known = PRICE_SOURCES.find((source) => source === costSource);
  return known ?? (usdMicros === 0 ? "free" : "unknown");
}
