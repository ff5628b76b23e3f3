import type * as vscode from "vscode";

import type { Server } from "../../client";
import type { BudgetStatus, Call, UsageGroup } from "../../protocol";
import { balanceText } from "../../shared/amounts";
import type { Credits } from "../../shared/credits";
import { plusDays } from "./days";
import type { BudgetUse, DayUsage, LastCall, NamedTotals, ProviderCredit, Range, UsageReport } from "./messages";
import { bySource } from "./sources";

/**
 * What was used in a range that ends today, by day and model of a provider, by client, by project and by the source of
 * the price; and how far the budgets are used up. Days are UTC, as in the ledger.
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
  const [byDay, byClient, byProject, bySources, budgets] = await Promise.all([
    server.request("usage/summary", { ...period, groupBy: ["day", "provider", "model"] }, token),
    server.request("usage/summary", { ...period, groupBy: "client" }, token),
    server.request("usage/summary", { ...period, groupBy: "project" }, token),
    // A server of an earlier version has neither this group nor budgets.
    server.request("usage/summary", { ...period, groupBy: "costSource" }, token).then(({ groups }) => groups, () => []),
    server.request("budget/list", {}, token).then(({ budgets: listed }) => listed, () => []),
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
    budgets: budgets.map(budgetUse),
    sources: bySource(bySources),
    ...(byDay.lastCall ? { lastCall: lastCall(byDay.lastCall) } : {}),
  };
}

/**
 * The credits of the providers that were called in this session, by the name of the provider.
 *
 * @throws whatever {@link Server.request} throws
 */
export async function loadCredits(
  server: Pick<Server, "request">,
  credits: Credits,
  token: vscode.CancellationToken,
): Promise<ProviderCredit[]> {
  const [{ providers }, { health }] = await Promise.all([
    server.request("provider/list", { configuredOnly: true }, token),
    server.request("provider/status", {}, token),
  ]);
  const found = await Promise.all(
    providers.map(async (provider) => {
      // What a connection with a name of its own was called with may be another account's key.
      const own = health.find((one) => one.provider === provider.id && (one.connection ?? provider.id) === provider.id);
      const credit = await credits.of(provider, own);
      const texts = credit?.balances.map(balanceText);
      return credit && texts ? [{ provider: provider.displayName, scope: credit.scope, balances: texts }] : [];
    }),
  );
  return found.flat();
}

/** Copied field by field: the page gets what it shows. */
function budgetUse(budget: BudgetStatus): BudgetUse {
  const { name, spentUsdMicros, limitUsdMicros, reservedUsdMicros, fraction, state, resetsAt } = budget;
  return {
    name,
    spentUsdMicros,
    limitUsdMicros,
    reservedUsdMicros,
    fraction,
    state,
    ...(typeof resetsAt === "string" && { resetsAt }),
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
  // A server that does not split a group any further sends it without groups.
  const providers = groups ?? [{ key: "", totals }];
  return {
    day: key,
    models: providers.flatMap((provider) => provider.groups?.map((model) => modelOf(provider, model)) ?? [named(provider)]),
  };
}

/** Two providers may have a model of the same name: theirs are two models, as in `byModel` of the summary. */
function modelOf(provider: UsageGroup, model: UsageGroup): NamedTotals {
  return { name: `${provider.key}/${model.key}`, totals: model.totals };
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
