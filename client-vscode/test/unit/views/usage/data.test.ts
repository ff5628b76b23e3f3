import { expect, test } from "vitest";

import type { Server } from "../../../../src/client";
import type { Call, SummaryUsageParams, SummaryUsageResult } from "../../../../src/protocol";
import { loadUsage } from "../../../../src/views/usage/data";
import { parseToPage } from "../../../../src/views/usage/messages";
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
  readonly asked: unknown[] = [];

  constructor(
    private readonly summary: (params: SummaryUsageParams) => Partial<SummaryUsageResult>,
    private readonly calls = 0,
  ) {}

  request = (async (method: string, params: SummaryUsageParams): Promise<unknown> => {
    this.asked.push([method, params]);
    const empty = { totals: totals({ totalCalls: 0 }), byModel: {}, groups: [] };
    return method === "usage/snapshot" ? totals({ totalCalls: this.calls }) : { ...empty, ...this.summary(params) };
  }) as Server["request"];
}

test("a range is so many whole days of UTC that end today", async () => {
  const ledger = new Ledger(() => ({}));
  const { from, to } = await loadUsage(ledger, 7, NOW, TOKEN);
  expect([from, to]).toEqual(["2026-11-15", "2026-11-21"]);
  expect(ledger.asked.slice(0, 3)).toEqual([
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: ["day", "model"] }],
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: "client" }],
    ["usage/summary", { since: "2026-11-15T00:00:00Z", groupBy: "project" }],
  ]);
});

test("days come with their models, and everything begins with the first day there is", async () => {
  const groups = [{ key: "a", totals: totals({ inputTokens: 3 }) }];
  const ledger = new Ledger(({ groupBy }) => ({
    totals: totals(),
    groups: Array.isArray(groupBy)
      ? [{ key: "2026-10-01", totals: totals(), groups }]
      : [{ key: String(groupBy), totals: totals() }],
  }));
  const report = await loadUsage(ledger, "all", NOW, TOKEN);
  expect(report).toMatchObject({ from: "2026-10-01", to: "2026-11-21", everUsed: true });
  expect(report.days).toEqual([{ day: "2026-10-01", models: [{ name: "a", totals: totals({ inputTokens: 3 }) }] }]);
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
