import { expect, test } from "vitest";

import { toBuckets } from "../../../../../src/views/usage/chart/buckets";
import { plusDays } from "../../../../../src/views/usage/days";
import { day, used } from "../../../../support/usage";

test("days without calls have their place", () => {
  const buckets = toBuckets([day("2026-02-27", used("a", 3)), day("2026-03-02", used("a", 4))], "2026-02-26", "2026-03-02");
  expect(buckets.map(({ start, unit, models }) => [start, unit, models.get("a")?.inputTokens])).toEqual([
    ["2026-02-26", "day", undefined],
    ["2026-02-27", "day", 3],
    ["2026-02-28", "day", undefined],
    ["2026-03-01", "day", undefined],
    ["2026-03-02", "day", 4],
  ]);
});

test("many days are put together by weeks that begin on Mondays", () => {
  const days = [day("2026-01-07", used("a", 1)), day("2026-01-11", used("a", 2), used("b", 5)), day("2026-01-12", used("a", 4))];
  const buckets = toBuckets(days, "2026-01-07", "2026-11-20");
  expect(buckets.slice(0, 2).map(({ start, unit }) => [start, unit])).toEqual([
    ["2026-01-05", "week"],
    ["2026-01-12", "week"],
  ]);
  expect(buckets[0]?.models.get("a")?.inputTokens).toBe(3);
  expect(buckets[0]?.models.get("a")?.totalCalls).toBe(2);
  expect(buckets[1]?.models.get("a")?.inputTokens).toBe(4);
  expect(buckets.at(-1)?.start).toBe("2026-11-16");
});

test("many years are put together by months, each of them there", () => {
  const buckets = toBuckets([day("2024-02-29", used("a", 1))], "2023-11-30", "2026-11-20");
  expect(buckets).toHaveLength(37);
  expect(buckets.map(({ start }) => start.slice(5))).toSatisfy((ends: string[]) => ends.every((end) => end.endsWith("-01")));
  expect(buckets.find(({ start }) => start === "2024-02-01")?.models.get("a")?.inputTokens).toBe(1);
});

test("every range keeps every token and has no more bars than can be told apart", () => {
  for (let length = 1; length < 1200; length += 13) {
    const from = plusDays("2026-11-20", 1 - length);
    const days = Array.from({ length }, (_, place) => day(plusDays(from, place), used("a", place + 1)));
    const buckets = toBuckets(days, from, "2026-11-20");
    const sum = buckets.reduce((all, { models }) => all + (models.get("a")?.inputTokens ?? 0), 0);
    expect(sum).toBe((length * (length + 1)) / 2);
    expect(buckets.length).toBeLessThanOrEqual(107);
  }
});
