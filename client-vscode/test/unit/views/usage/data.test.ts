import { expect, test } from "vitest";

import type { Server } from "../../../../src/client";
import type { BudgetStatus, Call, Health, Provider, SummaryUsageParams, SummaryUsageResult, UsageGroup } from "../../../../src/protocol";
import { Credits } from "../../../../src/shared/credits";
import { loadCredits, loadUsage } from "../../../../src/views/usage/data";
import { parseToPage } from "../../../../src/views/usage/messages";
import { budget, provider } from "../../../support/rows";
import { totals } from "../../../support/usage";

const NOW = new Date("2026-11-20T23:30:00-05:00");
const TOKEN = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
const CALL: Call = {
  id: 41,
  startedAt: "2026-11-20T09:30:00.125Z",
  provider: "ollama",
  model: "qwen3:8b",
  outcome: "failed",
  errorKind: "timeout",
  usage: { inputTokens: 23, outputTokens: 7, latencyMs: 412, usdMicros: 0, estimated: false },
};

class Ledger implements Pick<Server, "request"> {
  readonly asked: [string, unknown][] = [];
  /** Undefined: a server of an earlier version. */
  budgets: readonly BudgetStatus[] | undefined = [];
  /** Undefined: a server of an earlier version. */
  sources: readonly UsageGroup[] | undefined = [];
  providers: readonly Provider[] = [];
  health: readonly Health[] = [];
  credit: unknown;

  constructor(
    private readonly summary: (params: SummaryUsageParams) => Partial<SummaryUsageResult>,
    private readonly calls = 0,
  ) {}

  request = (async (method: string, params: SummaryUsageParams): Promise<unknown> => {
    this.asked.push([method, params]);
    switch (method) {
      case "budget/list":
        return this.budgets === undefined ? Promise.reject(new Error("unknown method")) : { budgets: this.budgets };
      case "provider/list":
        return { providers: this.providers };
      case "provider/status":
        return { active: null, connections: [], health: this.health };
      case "usage/credits":
        return this.credit instanceof Error ? Promise.reject(this.credit) : this.credit;
    }
    if (params.groupBy === "costSource" && this.sources === undefined) {
      throw new Error("unknown group");
    }
    const empty = { totals: totals({ totalCalls: 0 }), byModel: {}, groups: [] };
    return method === "usage/snapshot" ? totals({ totalCalls: this.calls }) : { ...empty, ...this.summary(params), ...(params.groupBy === "costSource" && { groups: this.sources }) };
  }) as Server["request"];
}

test("a range is so many whole days of UTC that end today", async () => {
  const ledger = new Ledger(() => ({}));
  const { from, to } = await loadUsage(ledger, 7, NOW, TOKEN);
  expect([from, to]).toEqual(["2026-11-15", "2026-11-21"]);
  expect(ledger.asked.slice(0, 4)).toEqual([
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: ["day", "provider", "model"] }],
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: "client" }],
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: "project" }],
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: "costSource" }],
  ]);
});

test("days come with their models, and everything begins with the first day there is", async () => {
  const one = (tokens: number) => [{ key: "a", totals: totals({ inputTokens: tokens }) }];
  const groups = [
    { key: "ollama", totals: totals(), groups: one(3) },
    { key: "openai", totals: totals(), groups: one(5) },
  ];
  const ledger = new Ledger(({ groupBy }) => ({
    totals: totals(),
    groups: Array.isArray(groupBy)
      ? [{ key: "2026-10-01", totals: totals(), groups }]
      : [{ key: String(groupBy), totals: totals() }],
  }));
  const report = await loadUsage(ledger, "all", NOW, TOKEN);
  expect(report).toMatchObject({ from: "2026-10-01", to: "2026-11-21", everUsed: true });
  expect(report.days).toEqual([
    {
      day: "2026-10-01",
      models: [
        { name: "ollama/a", totals: totals({ inputTokens: 3 }) },
        { name: "openai/a", totals: totals({ inputTokens: 5 }) },
      ],
    },
  ]);
  expect(report.clients.map(({ name }) => name)).toEqual(["client"]);
  expect(report.projects.map(({ name }) => name)).toEqual(["project"]);
  expect(parseToPage({ kind: "report", report })).toBeDefined();
});

test("a server that does not divide days still fills the chart", async () => {
  const ledger = new Ledger(() => ({ totals: totals(), groups: [{ key: "2026-11-20", totals: totals({ outputTokens: 5 }) }] }));
  const { days } = await loadUsage(ledger, 7, NOW, TOKEN);
  expect(days).toEqual([{ day: "2026-11-20", models: [{ name: "", totals: totals({ outputTokens: 5 }) }] }]);
});

test("days after today have their place", async () => {
  const ledger = new Ledger(() => ({ totals: totals(), groups: [{ key: "2027-01-01", totals: totals(), groups: [] }] }));
  expect((await loadUsage(ledger, 7, NOW, TOKEN)).to).toBe("2027-01-01");
});

test.each([
  [7, 3, true],
  [7, 0, false],
  ["all", 0, false],
] as const)("nothing in %s, %d calls ever", async (range, calls, everUsed) => {
  expect(await loadUsage(new Ledger(() => ({}), calls), range, NOW, TOKEN)).toMatchObject({ everUsed, days: [] });
});

test("of the last call the page gets what it shows and nothing else", async () => {
  const call = { ...CALL, apiKey: "sk-canary", usage: { ...CALL.usage, raw: "sk-canary" } };
  const report = await loadUsage(new Ledger(() => ({ totals: totals(), lastCall: call })), 7, NOW, TOKEN);
  expect(report.lastCall).toEqual({
    startedAt: "2026-11-20T09:30:00.125Z",
    provider: "ollama",
    model: "qwen3:8b",
    outcome: "failed",
    inputTokens: 23,
    outputTokens: 7,
    usdMicros: 0,
  });
  expect(JSON.stringify(report)).not.toContain("canary");
});

test("a price that is not known is absent", async () => {
  // The wire says null where the types say that it is not there.
  const usage = { ...CALL.usage, usdMicros: null } as unknown as Call["usage"];
  const report = await loadUsage(new Ledger(() => ({ totals: totals(), lastCall: { ...CALL, usage } })), 7, NOW, TOKEN);
  expect(report.lastCall).not.toHaveProperty("usdMicros");
});

test("all calls of the range are summed by the source of their price", async () => {
  const ledger = new Ledger(() => ({ totals: totals() }));
  const group = (key: string, totalCalls: number, usdMicros: number, estimatedCalls = 0): UsageGroup => ({
    key,
    totals: totals({ totalCalls, usdMicros, estimatedCalls }),
  });
  ledger.sources = [
    group("list", 1_200_000, 12, 1),
    group("reported", 1, 0),
    group("user", 1, 3),
    group("catalog", 1, 2),
    group("free", 1, 0),
    group("unknown", 1, 0),
    // Of a later server.
    group("invoice", 1, 9),
  ];
  const report = await loadUsage(ledger, 7, NOW, TOKEN);
  expect(report.sources).toEqual([
    { source: "reported", calls: 1, usdMicros: 0, estimatedCalls: 0 },
    { source: "user", calls: 1, usdMicros: 3, estimatedCalls: 0 },
    { source: "list", calls: 1_200_000, usdMicros: 12, estimatedCalls: 1 },
    { source: "catalog", calls: 1, usdMicros: 2, estimatedCalls: 0 },
    { source: "free", calls: 1, usdMicros: 0, estimatedCalls: 0 },
    { source: "unknown", calls: 2, usdMicros: 9, estimatedCalls: 0 },
  ]);
  expect(parseToPage({ kind: "report", report })).toBeDefined();
  ledger.sources = undefined;
  expect((await loadUsage(ledger, 7, NOW, TOKEN)).sources).toEqual([]);
});

test("budgets come with the report, and a server that has none yet is no failure", async () => {
  const ledger = new Ledger(() => ({}));
  const resetsAt = "2026-11-22T00:00:00.000Z";
  ledger.budgets = [budget({ fraction: 1.2, state: "exceeded", resetsAt, scope: { project: "/home/me/secret" } }), budget({ name: "run" })];
  const report = await loadUsage(ledger, 7, NOW, TOKEN);
  expect(report.budgets).toEqual([
    {
      name: "daily",
      spentUsdMicros: 4_210_000,
      limitUsdMicros: 5_000_000,
      reservedUsdMicros: 0,
      fraction: 1.2,
      state: "exceeded",
      resetsAt,
    },
    expect.not.objectContaining({ resetsAt: expect.anything() }),
  ]);
  expect(parseToPage({ kind: "report", report })).toBeDefined();
  ledger.budgets = undefined;
  expect((await loadUsage(ledger, 7, NOW, TOKEN)).budgets).toEqual([]);
});

test("credits are requested of the providers that report them and were called in this session", async () => {
  const ledger = new Ledger(() => ({}));
  const reports = { reportsCredits: true, connected: true };
  ledger.providers = [provider("called", reports), provider("idle", reports), provider("silent", { connected: true })];
  ledger.health = [
    { provider: "called", ok: true, calls: 2, failures: 0 },
    { provider: "silent", ok: true, calls: 2, failures: 0 },
    { provider: "idle", connection: "work", ok: true, calls: 2, failures: 0 },
  ];
  ledger.credit = {
    scope: "key",
    balances: [
      { currency: "USD", remainingMicros: 3_200_000, totalMicros: 10_000_000 },
      { currency: "CNY", usedMicros: 1_000_000 },
      { currency: "tokens", remainingMicros: 5_000_000 },
    ],
  };
  const credits = await loadCredits(ledger, new Credits(ledger), TOKEN);
  expect(credits).toEqual([
    { provider: "Called", scope: "key", balances: ["$3.20 left of $10.00", "CN¥1.00 spent", "5 tokens left"] },
  ]);
  expect(ledger.asked.filter(([method]) => method === "usage/credits")).toEqual([["usage/credits", { provider: "called" }]]);
  expect(parseToPage({ kind: "credits", credits })).toBeDefined();
  ledger.credit = new Error("down");
  expect(await loadCredits(ledger, new Credits(ledger), TOKEN)).toEqual([]);
  // As the wire says that nothing is known.
  ledger.credit = { remainingUsdMicros: null, totalUsdMicros: null, usedUsdMicros: null, balances: [] };
  expect(await loadCredits(ledger, new Credits(ledger), TOKEN)).toEqual([]);
});
