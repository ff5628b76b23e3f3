import { expect, test } from "vitest";

import { parseFromPage, parseToPage, STRING_KEYS, type ToPage } from "../../../../src/views/usage/messages";
import { pageStrings } from "../../../../src/views/usage/strings";
import { day, report, totals, used } from "../../../support/usage";

const CALL = { startedAt: "2026-11-20T09:30:00Z", provider: "p", model: "m", outcome: "ok", inputTokens: 1, outputTokens: 2 } as const; // prettier-ignore
const FULL = report({
  days: [day("2026-11-20", used("a", 1))],
  clients: [used("", 1)],
  projects: [used("site", 1)],
  lastCall: { ...CALL, client: "Neovim", project: "site", usdMicros: 3 },
});

test.each<ToPage>([
  { kind: "loading" },
  { kind: "failed", message: "no server" },
  { kind: "texts", locale: "en", strings: pageStrings() },
  { kind: "report", report: report() },
  { kind: "report", report: FULL },
])("what the extension says is understood: $kind", (message) => {
  expect(parseToPage(structuredClone(message))).toEqual(message);
});

test.each([
  undefined,
  null,
  "loading",
  [],
  { kind: "other" },
  { kind: "failed" },
  { kind: "failed", message: 3 },
  { kind: "texts", locale: "en", strings: { ...pageStrings(), title: undefined } },
  { kind: "report" },
  { kind: "report", report: { ...FULL, range: 8 } },
  { kind: "report", report: { ...FULL, from: "yesterday" } },
  { kind: "report", report: { ...FULL, everUsed: 1 } },
  { kind: "report", report: { ...FULL, totals: { ...totals(), usdMicros: "5" } } },
  { kind: "report", report: { ...FULL, totals: { ...totals(), inputTokens: Number.NaN } } },
  { kind: "report", report: { ...FULL, days: [{ day: "2026-11-20", models: [{ name: 1, totals: totals() }] }] } },
  { kind: "report", report: { ...FULL, clients: {} } },
  { kind: "report", report: { ...FULL, lastCall: { ...CALL, outcome: "maybe" } } },
  { kind: "report", report: { ...FULL, lastCall: { ...CALL, usdMicros: null } } },
  { kind: "report", report: { ...FULL, lastCall: { ...CALL, client: 1 } } },
])("what it would not say is not: %#", (message) => {
  expect(parseToPage(message)).toBeUndefined();
});

test("what the page says is understood, and nothing more of it is taken", () => {
  expect(parseFromPage({ kind: "ready", range: 30, more: "x" })).toEqual({ kind: "ready", range: 30 });
  expect(parseFromPage({ kind: "range", range: "all" })).toEqual({ kind: "range", range: "all" });
  expect(parseFromPage({ kind: "retry", range: 7 })).toEqual({ kind: "retry", range: 7 });
});

test.each([undefined, null, "ready", { kind: "ready" }, { kind: "run", range: 7 }, { kind: "range", range: "7" }])(
  "what the page would not say is not: %j",
  (message) => {
    expect(parseFromPage(message)).toBeUndefined();
  },
);

test("every text is there, once", () => {
  expect(new Set(STRING_KEYS).size).toBe(STRING_KEYS.length);
  expect(Object.keys(pageStrings()).sort()).toEqual([...STRING_KEYS].sort());
});
