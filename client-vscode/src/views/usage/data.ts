import type * as vscode from "vscode";

import type { Server } from "../../client";
import type { Call, UsageGroup } from "../../protocol";
import { plusDays } from "./days";
import type { DayUsage, LastCall, NamedTotals, Range, UsageReport } from "./messages";

/**
 * What was used in a range that ends today, by day and model, by client and by project. Days are UTC, as in the
 * ledger.
 *
 * @throws whatever {@link Server.request} throws
 */
export async function loadUsage(
  server: Pick<Server, "request">,
  range: Range,
  now: Date,
  token: vscode.CancellationToken,
): Promise<UsageReport> {
  const to = now.toISOString().slice(0, 10);
  const first = range === "all" ? undefined : plusDays(to, 1 - range);
  const period = first === undefined ? {} : { since: `${first}T00:00:00Z` };
  const [byDay, byClient, byProject] = await Promise.all([
    server.request("usage/summary", { ...period, groupBy: ["day", "model"] }, token),
    server.request("usage/summary", { ...period, groupBy: "client" }, token),
    server.request("usage/summary", { ...period, groupBy: "project" }, token),
  ]);
  const everUsed = byDay.totals.totalCalls > 0 || (await hasHistory(server, range, token));
  const days = byDay.groups.map(dayUsage);
  return {
    range,
    from: first ?? days[0]?.day ?? to,
    // After the clock was set back there may be days after today.
    to: [to, days.at(-1)?.day ?? to].sort().at(-1) ?? to,
    everUsed,
    totals: byDay.totals,
    days,
    clients: byClient.groups.map(named),
    projects: byProject.groups.map(named),
    ...(byDay.lastCall ? { lastCall: lastCall(byDay.lastCall) } : {}),
  };
}

async function hasHistory(
  server: Pick<Server, "request">,
  range: Range,
  token: vscode.CancellationToken,
): Promise<boolean> {
  return range !== "all" && (await server.request("usage/snapshot", {}, token)).totalCalls > 0;
}

function dayUsage({ key, totals, groups }: UsageGroup): DayUsage {
  // A server that does not split days by model yet sends the days without groups.
  return { day: key, models: groups ? groups.map(named) : [{ name: "", totals }] };
}

function named({ key, totals }: UsageGroup): NamedTotals {
  return { name: key, totals };
}

/** Copied field by field, so that no other field of a call reaches the page. */
function lastCall({ startedAt, provider, model, client, project, outcome, usage }: Call): LastCall {
  return {
    startedAt,
    provider,
    model,
    outcome,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    ...(client === undefined ? {} : { client }),
    ...(project === undefined ? {} : { project }),
    ...(typeof usage.usdMicros === "number" ? { usdMicros: usage.usdMicros } : {}),
  };
}
