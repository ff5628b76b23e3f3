import type { UsageTotals } from "../../../protocol";
import type { Bucket } from "../chart/buckets";
import type { Format } from "../chart/format";
import { inOrderOf } from "../chart/totals";
import type { NamedTotals, PageStrings, UsageReport } from "../messages";
import { html } from "./elements";

/** The numbers of the chart, newest first, with a row per bar and model. */
export function numbersTable(buckets: readonly Bucket[], format: Format, strings: PageStrings): HTMLTableElement {
  const rows = buckets.toReversed().flatMap((bucket) =>
    [...bucket.models]
      .map(([name, totals]): NamedTotals => ({ name, totals }))
      .sort(inOrderOf("tokens"))
      .map(({ name, totals }) =>
        html(
          "tr",
          {},
          html("th", { scope: "row" }, format.bucket(bucket)),
          html("td", {}, name || strings.noName),
          ...numbers(totals, format),
        ),
      ),
  );
  return table(strings.tableCaption, [strings.day, strings.model], rows, strings);
}

/** A table of totals by name; `mark` makes an element to show before a name. */
export function sumsTable(
  caption: string,
  sums: readonly NamedTotals[],
  format: Format,
  strings: PageStrings,
  mark: (name: string) => Node | undefined = () => undefined,
): HTMLTableElement {
  const rows = sums.map(({ name, totals }) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, mark(name), name || strings.noName),
      ...numbers(totals, format),
    ),
  );
  return table(caption, [strings.name], rows, strings);
}

/** What calls cost by the source of their price. */
export function sourcesTable({ sources }: UsageReport, format: Format, strings: PageStrings): HTMLTableElement {
  const rows = sources.map(({ source, calls, estimatedCalls, usdMicros }) => {
    const money = source === "unknown" ? strings.unknown : format.dollars(usdMicros);
    const texts = [format.integer(calls), format.integer(estimatedCalls), money];
    return html(
      "tr",
      {},
      html("th", { scope: "row" }, strings[source]),
      ...texts.map((text) => html("td", { class: "number" }, text)),
    );
  });
  return framed(strings.bySource, [strings.name], [strings.calls, strings.estimatedCalls, strings.money], rows);
}

function table(
  caption: string,
  names: readonly string[],
  rows: readonly HTMLTableRowElement[],
  strings: PageStrings,
): HTMLTableElement {
  const { calls, inputTokens, outputTokens, cachedTokens, reasoningTokens, money } = strings;
  return framed(caption, names, [calls, inputTokens, outputTokens, cachedTokens, reasoningTokens, money], rows);
}

function framed(
  caption: string,
  names: readonly string[],
  counted: readonly string[],
  rows: readonly HTMLTableRowElement[],
): HTMLTableElement {
  const head = html(
    "tr",
    {},
    ...names.map((name) => html("th", { scope: "col" }, name)),
    ...counted.map((name) => html("th", { scope: "col", class: "number" }, name)),
  );
  return html("table", {}, html("caption", {}, caption), html("thead", {}, head), html("tbody", {}, ...rows));
}

function numbers(totals: UsageTotals, format: Format): readonly HTMLTableCellElement[] {
  const counts = [totals.totalCalls, totals.inputTokens, totals.outputTokens, totals.cacheReadTokens, totals.reasoningTokens];
  const texts = [...counts.map((count) => format.integer(count)), format.money(totals)];
  return texts.map((text) => html("td", { class: "number" }, text));
}
