import type { BudgetStatus, CreditsUsageResult, SummaryUsageParams, UsageGroup, UsageTotals } from "../../src/protocol";
import { add, NO_USAGE } from "../../src/views/usage/chart/totals";
import { provider } from "../support/rows";
import { totals } from "../support/usage";

const DAY_MS = 86_400_000;

/** One call as the ledger has it. */
export interface LedgerCall {
  /** So many days before today. */
  readonly ago: number;
  readonly model: string;
  readonly client?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly usdMicros?: number;
}

/** What a server answers to the questions of the usage page, from a list of calls. */
export class Ledger {
  failure: string | undefined;
  budgets: BudgetStatus[] = [];
  credit: CreditsUsageResult | undefined;

  constructor(readonly calls: LedgerCall[] = []) {}

  readonly answer = async (method: string, params: unknown): Promise<unknown> => {
    if (this.failure !== undefined) {
      throw new Error(this.failure);
    }
    switch (method) {
      case "usage/snapshot":
        return sumOf(this.calls);
      case "budget/list":
        return { budgets: this.budgets };
      case "provider/list":
        return { providers: this.credit === undefined ? [] : [provider("acme", { connected: true, reportsCredits: true })] };
      case "provider/status":
        return { active: null, connections: [], health: [{ provider: "acme", ok: true, calls: 1, failures: 0 }] };
      case "usage/credits":
        return this.credit;
      default:
        return this.summary(params as SummaryUsageParams);
    }
  };

  private summary({ since, groupBy }: SummaryUsageParams): unknown {
    const calls = this.calls.filter((call) => dayOf(call) >= (since ?? "").slice(0, 10));
    const by = [groupBy ?? "model"].flat();
    const key = KEYS[by[0] ?? "model"] ?? (() => "site");
    const groups = groupsOf(calls, key).map(([name, own]): UsageGroup => {
      const group = { key: name, totals: sumOf(own) };
      const models = groupsOf(own, (call) => call.model).map(([model, of]) => ({ key: model, totals: sumOf(of) }));
      return by.length === 1 ? group : { ...group, groups: [{ ...group, key: "acme", groups: models }] };
    });
    const last = calls.at(-1);
    const lastCall = last && {
      id: 1,
      startedAt: `${dayOf(last)}T09:30:00Z`,
      provider: "acme",
      model: last.model,
      outcome: "ok",
      usage: {
        inputTokens: last.inputTokens ?? 0,
        outputTokens: last.outputTokens ?? 0,
        usdMicros: last.usdMicros ?? null,
      },
    };
    return { totals: sumOf(calls), byModel: {}, groups: groups.sort((a, b) => (a.key < b.key ? -1 : 1)), lastCall };
  }
}

/** A month of ten models, with a quiet weekend now and then; the same every time. */
export function month(): LedgerCall[] {
  const calls: LedgerCall[] = [];
  for (let ago = 29; ago >= 0; ago -= 1) {
    for (let model = 0; model < (ago % 7 === 3 ? 0 : 10); model += 1) {
      const inputTokens = ((ago * 7919 + model * 104_729) % 9_000) * (10 - model) + 500;
      const client = model % 3 === 0 ? "Neovim" : "Visual Studio Code";
      const price = model === 3 ? {} : { usdMicros: model > 6 ? 0 : inputTokens * (model + 1) };
      calls.push({ ago, model: MODELS[model] ?? "", client, inputTokens, outputTokens: inputTokens >> 2, ...price });
    }
  }
  return calls;
}

const MODELS = [
  "claude-sonnet-4-5", "gpt-5.1", "gemini-3-pro", "llama-3.3-70b-versatile", "mistral-large-latest", "deepseek-chat",
  "grok-4", "qwen3:8b", "gemma3:12b", "phi4:14b",
]; // prettier-ignore

const KEYS: Readonly<Record<string, (call: LedgerCall) => string>> = {
  day: dayOf,
  client: ({ client }) => client ?? "",
  costSource: ({ usdMicros }) => (usdMicros === undefined ? "unknown" : usdMicros === 0 ? "free" : "list"),
};

function dayOf({ ago }: LedgerCall): string {
  return new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);
}

function sumOf(calls: readonly LedgerCall[]): UsageTotals {
  return calls.reduce((sum, { inputTokens = 0, outputTokens = 0, usdMicros }) => {
    const price = usdMicros === undefined ? { unpricedCalls: 1 } : { usdMicros };
    return add(sum, totals({ inputTokens, outputTokens, cacheReadTokens: inputTokens >> 1, ...price }));
  }, NO_USAGE);
}

function groupsOf(calls: readonly LedgerCall[], key: (call: LedgerCall) => string): readonly [string, LedgerCall[]][] {
  return [...new Set(calls.map(key))].map((name) => [name, calls.filter((call) => key(call) === name)]);
}
