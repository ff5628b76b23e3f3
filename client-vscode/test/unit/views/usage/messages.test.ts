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

const BUDGET = { name: "daily", spentUsdMicros: 1, limitUsdMicros: 2, reservedUsdMicros: 0, fraction: 0.5, state: "ok" };
const SOURCE = { source: "list", calls: 1, usdMicros: 5, estimatedCalls: 0 };
const CREDIT = { provider: "Acme", scope: "account", balances: ["$3.20 left"] };

test("budgets, sources of prices and credits are read", () => {
  const report = { ...FULL, budgets: [BUDGET, { ...BUDGET, resetsAt: "2026-11-21T00:00:00Z" }], sources: [SOURCE] };
  expect(parseToPage({ kind: "report", report })).toEqual({ kind: "report", report });
  expect(parseToPage({ kind: "credits", credits: [CREDIT] })).toEqual({ kind: "credits", credits: [CREDIT] });
});

test("the page may ask for the log", () => {
  expect(parseFromPage({ kind: "showLog", range: 7, more: 1 })).toEqual({ kind: "showLog" });
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
  { kind: "report", report: { ...FULL, budgets: undefined } },
  { kind: "report", report: { ...FULL, budgets: [{ ...BUDGET, state: "gone" }] } },
  { kind: "report", report: { ...FULL, budgets: [{ ...BUDGET, resetsAt: 1 }] } },
  { kind: "report", report: { ...FULL, budgets: [{ ...BUDGET, fraction: "1" }] } },
  { kind: "report", report: { ...FULL, sources: [{ ...SOURCE, source: "invoice" }] } },
  { kind: "report", report: { ...FULL, sources: [{ ...SOURCE, calls: -1 }] } },
  { kind: "credits" },
  { kind: "credits", credits: [{ ...CREDIT, scope: "team" }] },
  { kind: "credits", credits: [{ ...CREDIT, balances: [3] }] },
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
