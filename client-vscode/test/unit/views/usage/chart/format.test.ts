import { expect, test } from "vitest";

import { fill, Format } from "../../../../../src/views/usage/chart/format";
import { pageStrings } from "../../../../../src/views/usage/strings";
import { totals } from "../../../../support/usage";

const english = new Format("en", pageStrings());
const german = new Format("de", pageStrings());

test("numbers are written in the editor's language", () => {
  expect(english.integer(1234567)).toBe("1,234,567");
  expect(german.integer(1234567)).toBe("1.234.567");
  expect(english.tick(20_000, "tokens")).toBe("20K");
  expect(english.tick(1_500_000, "inputTokens")).toBe("1.5M");
});

test.each([
  [0, "$0.00"],
  [1_234_560_000, "$1,234.56"],
  [100_000, "$0.10"],
  [12_300, "$0.012"],
  [56, "$0.000056"],
  [1, "$0.000001"],
])("money: %d millionths", (micros, text) => {
  expect(english.dollars(micros)).toBe(text);
});

test("a price that is not known is not nothing", () => {
  expect(english.money(totals({ totalCalls: 3, unpricedCalls: 3 }))).toBe("unknown");
  expect(english.money(totals({ totalCalls: 3, unpricedCalls: 1, usdMicros: 2_000_000 }))).toBe("at least $2.00");
  expect(english.money(totals({ totalCalls: 3 }))).toBe("$0.00");
  expect(english.money(totals({ totalCalls: 0 }))).toBe("$0.00");
});

test("times are days of UTC wherever the machine stands", () => {
  const models = new Map();
  expect(english.bucket({ start: "2026-11-20", unit: "day", models })).toBe("Friday, November 20, 2026");
  expect(english.bucket({ start: "2026-11-16", unit: "week", models })).toBe("Week of Monday, November 16, 2026");
  expect(english.bucket({ start: "2026-11-01", unit: "month", models })).toBe("November 2026");
  expect(german.shortBucket({ start: "2026-11-20", unit: "day", models })).toBe("20. Nov.");
  expect(english.shortBucket({ start: "2026-11-01", unit: "month", models })).toBe("Nov 26");
  expect(english.moment("some day")).toBe("some day");
});

test("places are filled in any order, and what has no value stays", () => {
  expect(fill("{1} of {0}, {2}", "a", 2)).toBe("2 of a, {2}");
  expect(fill("{0}", "{1}", "x")).toBe("{1}");
});
