/** The messages between the usage page and the extension, and their validation on both sides. */

import type { BudgetState, UsageTotals } from "../../protocol";

/** The last 7, 30 or 90 days, or everything. */
export const RANGES = [7, 30, 90, "all"] as const;
export type Range = (typeof RANGES)[number];

/** The quantities that the chart can show. `tokens` is input and output together. */
export const MEASURES = ["tokens", "inputTokens", "outputTokens", "money", "calls"] as const;
export type Measure = (typeof MEASURES)[number];

/** The totals of a model, a client or a project. */
export interface NamedTotals {
  readonly name: string;
  readonly totals: UsageTotals;
}

/** The usage of a day (UTC, `2026-11-20`), by model. */
export interface DayUsage {
  readonly day: string;
  readonly models: readonly NamedTotals[];
}

/** The newest call. `usdMicros` is absent where its price is not known. */
export interface LastCall {
  readonly startedAt: string;
  readonly provider: string;
  readonly model: string;
  readonly outcome: "ok" | "failed" | "cancelled";
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly client?: string;
  readonly project?: string;
  readonly usdMicros?: number;
}

/** Where prices are from: as in the server's list, or the call was free, or its price is not known. */
export const PRICE_SOURCES = ["reported", "user", "list", "catalog", "free", "unknown"] as const;
export type PriceSource = (typeof PRICE_SOURCES)[number];

/** What calls cost whose prices are from one source. */
export interface SourceTotals {
  readonly source: PriceSource;
  readonly calls: number;
  readonly usdMicros: number;
  /** The calls of these whose cost is an estimate. */
  readonly estimatedCalls: number;
}

/** A budget, and how far it is used up. `resetsAt` is absent for one of a session. */
export interface BudgetUse {
  readonly name: string;
  readonly spentUsdMicros: number;
  readonly limitUsdMicros: number;
  readonly reservedUsdMicros: number;
  readonly fraction: number;
  readonly state: BudgetState;
  readonly resetsAt?: string;
}

/** What is known of the credit at a provider, in words for each of its currencies. */
export interface ProviderCredit {
  readonly provider: string;
  readonly scope: "account" | "key";
  readonly balances: readonly string[];
}

/** Everything the page draws. `from` and `to` are the first and the last day, both included. */
export interface UsageReport {
  readonly range: Range;
  readonly from: string;
  readonly to: string;
  /** Whether anything was ever used, in this range or before it. */
  readonly everUsed: boolean;
  readonly totals: UsageTotals;
  readonly days: readonly DayUsage[];
  readonly clients: readonly NamedTotals[];
  readonly projects: readonly NamedTotals[];
  readonly budgets: readonly BudgetUse[];
  readonly sources: readonly SourceTotals[];
  readonly lastCall?: LastCall;
}

/** The names of all texts of the page; `{0}` and so on in a text are placeholders. */
export const STRING_KEYS = [
  "title", "loading", "failed", "retry", "showLog", "neverUsed", "nothingInRange", "noPrices", "range", "lastDays", "allTime",
  "measure", "tokens", "inputTokens", "outputTokens", "money", "calls", "callsFailed", "cachedTokens",
  "reasoningTokens", "unknown", "atLeast", "unpricedNote", "chart", "chartHelp", "bar", "week", "total", "otherModels", "byModel", "byClient", "byProject", "noName", "showTable", "hideTable", "tableCaption",
  "budgets", "budgetUse", "budgetWarned", "budgetExceeded", "budgetReserved", "budgetResets", "bySource", "reported",
  "user", "list", "catalog", "free", "estimatedCalls", "credits", "creditOfKey", "day", "model", "name", "lastCall", "lastCallText", "ok", "failedOutcome", "cancelled", "utcNote", "shown",
] as const; // prettier-ignore
export type PageStrings = Readonly<Record<(typeof STRING_KEYS)[number], string>>;

/** From the extension to the page. */
export type ToPage =
  | { readonly kind: "texts"; readonly locale: string; readonly strings: PageStrings }
  | { readonly kind: "loading" }
  | { readonly kind: "report"; readonly report: UsageReport }
  | { readonly kind: "credits"; readonly credits: readonly ProviderCredit[] }
  | { readonly kind: "failed"; readonly message: string };

/** From the page to the extension: it is ready, another range was picked, or Try Again or Show Log was pressed. */
export type FromPage =
  | { readonly kind: "ready"; readonly range: Range }
  | { readonly kind: "range"; readonly range: Range }
  | { readonly kind: "retry"; readonly range: Range }
  | { readonly kind: "showLog" };

export function isRange(value: unknown): value is Range {
  return RANGES.some((range) => range === value);
}

export function isMeasure(value: unknown): value is Measure {
  return MEASURES.some((measure) => measure === value);
}

/** The message; undefined if it is none that the page sends. */
export function parseFromPage(value: unknown): FromPage | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  const { kind, range } = value;
  if (kind === "showLog") {
    return { kind };
  }
  if (!isRange(range)) {
    return undefined;
  }
  return kind === "ready" || kind === "range" || kind === "retry" ? { kind, range } : undefined;
}

/** The message; undefined if it is none that the extension sends. */
export function parseToPage(value: unknown): ToPage | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  const { kind, locale, strings, report, credits, message } = value;
  if (kind === "loading") {
    return { kind };
  }
  if (kind === "failed" && typeof message === "string") {
    return { kind, message };
  }
  if (kind === "texts" && typeof locale === "string" && isPageStrings(strings)) {
    return { kind, locale, strings };
  }
  if (kind === "credits" && isListOf<ProviderCredit>(credits, isCredit)) {
    return { kind, credits };
  }
  return kind === "report" && isReport(report) ? { kind, report } : undefined;
}

function isPageStrings(value: unknown): value is PageStrings {
  return isRecord(value) && STRING_KEYS.every((key) => typeof value[key] === "string");
}

function isReport(value: unknown): value is UsageReport {
  return (
    isRecord(value) &&
    isRange(value["range"]) &&
    isDay(value["from"]) &&
    isDay(value["to"]) &&
    typeof value["everUsed"] === "boolean" &&
    isTotals(value["totals"]) &&
    isListOf(value["days"], (day) => isRecord(day) && isDay(day["day"]) && isListOf(day["models"], isNamedTotals)) &&
    isListOf(value["clients"], isNamedTotals) &&
    isListOf(value["projects"], isNamedTotals) &&
    isListOf(value["budgets"], isBudget) &&
    isListOf(value["sources"], isSource) &&
    (value["lastCall"] === undefined || isLastCall(value["lastCall"]))
  );
}

function isBudget(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    ["spentUsdMicros", "limitUsdMicros", "reservedUsdMicros", "fraction"].every((key) => isCount(value[key])) &&
    ["ok", "warned", "exceeded"].some((state) => state === value["state"]) &&
    (value["resetsAt"] === undefined || typeof value["resetsAt"] === "string")
  );
}

function isSource(value: unknown): boolean {
  return (
    isRecord(value) &&
    PRICE_SOURCES.some((source) => source === value["source"]) &&
    ["calls", "usdMicros", "estimatedCalls"].every((key) => isCount(value[key]))
  );
}

function isCredit(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value["provider"] === "string" &&
    (value["scope"] === "account" || value["scope"] === "key") &&
    isListOf(value["balances"], (balance) => typeof balance === "string")
  );
}

function isLastCall(value: unknown): value is LastCall {
  return (
    isRecord(value) &&
    ["startedAt", "provider", "model"].every((key) => typeof value[key] === "string") &&
    ["ok", "failed", "cancelled"].some((outcome) => outcome === value["outcome"]) &&
    isCount(value["inputTokens"]) &&
    isCount(value["outputTokens"]) &&
    ["client", "project"].every((key) => value[key] === undefined || typeof value[key] === "string") &&
    (value["usdMicros"] === undefined || isCount(value["usdMicros"]))
  );
}

function isNamedTotals(value: unknown): value is NamedTotals {
  return isRecord(value) && typeof value["name"] === "string" && isTotals(value["totals"]);
}

const COUNTS: readonly (keyof UsageTotals)[] = [
  "totalCalls", "failedCalls", "cancelledCalls", "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens",
  "reasoningTokens", "usdMicros", "unpricedCalls",
]; // prettier-ignore

function isTotals(value: unknown): value is UsageTotals {
  return isRecord(value) && COUNTS.every((name) => isCount(value[name]));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isDay(value: unknown): value is string {
  return typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
}

function isListOf<T>(value: unknown, check: (item: unknown) => boolean): value is T[] {
  return Array.isArray(value) && value.every(check);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
