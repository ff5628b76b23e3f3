import type { UsageTotals } from "../../../protocol";
import type { Measure, NamedTotals } from "../messages";
import type { Bucket } from "./buckets";
import { add, inOrderOf, valueOf } from "./totals";

/** How many models have a colour of their own; the rest are drawn together. */
export const MAX_SERIES = 8;

/** The data of one colour: a model, or all models without a colour of their own. */
export interface Series {
  /** The colour's index, 0 to 7; `other` for the rest. */
  readonly colour: number | "other";
  /** The model; absent for the rest. */
  readonly model?: string;
  /** The number of models in it. */
  readonly models: number;
  readonly totals: UsageTotals;
}

/** A segment of a bar, from one value up to another. */
export interface Segment {
  readonly series: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The series of a measure, largest first, the rest last; models without any of the measure are left out. A model keeps
 * its colour when the measure changes, because colours follow the order of `ranked`, which does not depend on it.
 */
export function toSeries(ranked: readonly NamedTotals[], measure: Measure): readonly Series[] {
  const shown = ranked.filter(({ totals }) => valueOf(totals, measure) > 0).sort(inOrderOf(measure));
  const own = shown.slice(0, MAX_SERIES);
  const [first, ...others] = shown.slice(MAX_SERIES);
  const colours = coloursOf(ranked, own);
  const series: Series[] = own.map(({ name, totals }) => ({
    colour: colours.get(name) ?? "other",
    model: name,
    models: 1,
    totals,
  }));
  if (first && others.length === 0) {
    // A single remaining model is shown by its name.
    series.push({ colour: "other", model: first.name, models: 1, totals: first.totals });
  } else if (first) {
    const totals = others.reduce((sum, one) => add(sum, one.totals), first.totals);
    series.push({ colour: "other", models: others.length + 1, totals });
  }
  return series;
}

/** The segments of each bar, from the bottom up in the order of the series. */
export function stack(
  buckets: readonly Bucket[],
  series: readonly Series[],
  measure: Measure,
): readonly (readonly Segment[])[] {
  const places = new Map(series.flatMap(({ model }, place) => (model === undefined ? [] : [[model, place] as const])));
  const rest = series.findIndex(({ model }) => model === undefined);
  return buckets.map(({ models }) => {
    const values = series.map(() => 0);
    for (const [model, totals] of models) {
      const place = places.get(model) ?? rest;
      if (place >= 0) {
        values[place] = (values[place] ?? 0) + valueOf(totals, measure);
      }
    }
    const segments: Segment[] = [];
    let from = 0;
    values.forEach((value, place) => {
      if (value > 0) {
        segments.push({ series: place, from, to: from + value });
        from += value;
      }
    });
    return segments;
  });
}

function coloursOf(ranked: readonly NamedTotals[], shown: readonly NamedTotals[]): ReadonlyMap<string, number> {
  const names = new Set(shown.map(({ name }) => name));
  const colours = new Map<string, number>();
  ranked.slice(0, MAX_SERIES).forEach(({ name }, place) => {
    if (names.has(name)) {
      colours.set(name, place);
    }
  });
  const taken = new Set(colours.values());
  const free = Array.from({ length: MAX_SERIES }, (_, place) => place).filter((place) => !taken.has(place));
  for (const name of names) {
    const place = colours.has(name) ? undefined : free.shift();
    if (place !== undefined) {
      colours.set(name, place);
    }
  }
  return colours;
}
