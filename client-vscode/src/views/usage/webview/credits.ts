import { fill } from "../chart/format";
import type { PageStrings, ProviderCredit } from "../messages";
import { html } from "./elements";

/** The credits by provider. */
export function creditList(credits: readonly ProviderCredit[], strings: PageStrings): HTMLElement {
  const rows = credits.map(({ provider, scope, balances }) =>
    html(
      "div",
      {},
      html("dt", {}, scope === "key" ? fill(strings.creditOfKey, provider) : provider),
      ...balances.map((balance) => html("dd", {}, balance)),
    ),
  );
  return html("section", { class: "credits" }, html("h2", {}, strings.credits), html("dl", { class: "totals" }, ...rows));
}
