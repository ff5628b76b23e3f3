import { fill, type Format } from "../chart/format";
import type { LastCall, PageStrings, UsageReport } from "../messages";
import { html } from "./elements";

/** The totals of the whole range, each with its name. */
export function totalsList({ totals }: UsageReport, format: Format, strings: PageStrings): HTMLDListElement {
  const { failedCalls, cancelledCalls, unpricedCalls } = totals;
  const failures =
    failedCalls + cancelledCalls > 0
      ? fill(strings.callsFailed, format.integer(failedCalls), format.integer(cancelledCalls))
      : undefined;
  const unpriced = unpricedCalls > 0 ? fill(strings.unpricedNote, format.integer(unpricedCalls)) : undefined;
  return html(
    "dl",
    { class: "totals" },
    entry(strings.calls, format.integer(totals.totalCalls), failures),
    entry(strings.inputTokens, format.integer(totals.inputTokens)),
    entry(strings.outputTokens, format.integer(totals.outputTokens)),
    entry(strings.cachedTokens, format.integer(totals.cacheReadTokens)),
    entry(strings.reasoningTokens, format.integer(totals.reasoningTokens)),
    entry(strings.money, format.money(totals), unpriced),
  );
}

function entry(name: string, value: string, note?: string): HTMLDivElement {
  const more = note === undefined ? undefined : html("dd", { class: "note" }, note);
  return html("div", {}, html("dt", {}, name), html("dd", {}, value), more);
}

/** The newest call in a sentence. */
export function lastCallLine(call: LastCall, format: Format, strings: PageStrings): HTMLParagraphElement {
  const outcome = { ok: strings.ok, failed: strings.failedOutcome, cancelled: strings.cancelled }[call.outcome];
  const money = call.usdMicros === undefined ? strings.unknown : format.dollars(call.usdMicros);
  const text = fill(
    strings.lastCallText,
    format.moment(call.startedAt),
    call.model,
    call.provider,
    format.integer(call.inputTokens),
    format.integer(call.outputTokens),
    `${strings.money}: ${money}`,
    outcome,
  );
  const from = [call.client, call.project].filter((name) => name).join(", ");
  return html("p", { class: "last-call" }, html("strong", {}, strings.lastCall), ` ${text}${from ? ` (${from})` : ""}`);
}
