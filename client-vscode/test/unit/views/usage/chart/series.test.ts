import { expect, test } from "vitest";

import { toBuckets } from "../../../../../src/views/usage/chart/buckets";
import { stack, toSeries } from "../../../../../src/views/usage/chart/series";
import { add, byModel, NO_USAGE, valueOf } from "../../../../../src/views/usage/chart/totals";
import { MEASURES, type Measure } from "../../../../../src/views/usage/messages";
import { day, totals, used } from "../../../../support/usage";

test("a measure is what it says", () => {
  const sums = totals({ totalCalls: 2, inputTokens: 3, outputTokens: 5, usdMicros: 7, cacheReadTokens: 11 });
  const values = Object.fromEntries(MEASURES.map((measure) => [measure, valueOf(sums, measure)]));
  expect(values).toEqual({ tokens: 8, inputTokens: 3, outputTokens: 5, money: 7, calls: 2 });
});

test("sums add up field by field", () => {
  const one = totals({ failedCalls: 1, reasoningTokens: 2, unpricedCalls: 3, cacheWriteTokens: 4, cancelledCalls: 5 });
  expect(add(one, NO_USAGE)).toEqual(one);
  expect(add(one, one)).toEqual(Object.fromEntries(Object.entries(one).map(([name, value]) => [name, 2 * value])));
});

const MANY = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((tokens, place) => used(`m${place}`, tokens * 10));

test("models come by size, in colours of their own", () => {
  expect(toSeries(byModel([day("2026-11-20", used("small", 1), used("large", 9))]), "tokens")).toMatchObject([
    { colour: 0, model: "large", models: 1 },
    { colour: 1, model: "small", models: 1 },
  ]);
});

test("eight models have a colour; one more is named, and several more stand together", () => {
  expect(toSeries(MANY.slice(0, 8), "tokens").map(({ colour }) => colour)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(toSeries(MANY, "tokens").at(-1)).toMatchObject({ colour: "other", model: "m8", models: 1 });
  const more = toSeries([...MANY, used("m9", 5)], "tokens");
  expect(more).toHaveLength(9);
  expect(more.at(-1)).toMatchObject({ colour: "other", models: 2, totals: { inputTokens: 15, totalCalls: 2 } });
  expect(more.at(-1)).not.toHaveProperty("model");
});

test("a model keeps its colour when another measure is shown", () => {
  const models = [used("tokens", 100, { usdMicros: 1 }), used("none", 50), used("dear", 1, { usdMicros: 9_000 })];
  expect(toSeries(models, "money")).toMatchObject([
    { model: "dear", colour: 2 },
    { model: "tokens", colour: 0 },
  ]);
});

test("a model that is large by another measure only gets a colour that is free", () => {
  const models = [...MANY, used("dear", 1, { usdMicros: 5 })];
  expect(toSeries(models, "money")).toMatchObject([{ model: "dear", colour: 0 }]);
});

test("names that objects have anyway are names", () => {
  const series = toSeries(byModel([day("2026-11-20", used("constructor", 2), used("__proto__", 1))]), "tokens");
  expect(series.map(({ model }) => model)).toEqual(["constructor", "__proto__"]);
});

test.each<Measure>(["tokens", "calls"])("bars are stacked without gaps and hold everything: %s", (measure) => {
  const days = [day("2026-11-19", ...MANY, used("m9", 5)), day("2026-11-20", used("m9", 7), used("m3", 2))];
  const buckets = toBuckets(days, "2026-11-18", "2026-11-20");
  const series = toSeries(byModel(days), measure);
  const stacks = stack(buckets, series, measure);
  expect(stacks[0]).toEqual([]);
  buckets.forEach(({ models }, place) => {
    const segments = stacks[place] ?? [];
    segments.forEach(({ from }, above) => expect(from).toBe(above === 0 ? 0 : segments[above - 1]?.to));
    const sum = [...models.values()].reduce((all, one) => all + valueOf(one, measure), 0);
    expect(segments.at(-1)?.to ?? 0).toBe(sum);
  });
});

test("what has nothing of the measure is not drawn", () => {
  const days = [day("2026-11-20", used("a", 5))];
  const series = toSeries(byModel(days), "money");
  expect(series).toEqual([]);
  expect(stack(toBuckets(days, "2026-11-20", "2026-11-20"), series, "money")).toEqual([[]]);
});
