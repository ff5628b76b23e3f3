import { fill, type Format } from "../chart/format";
import type { BudgetUse, PageStrings } from "../messages";
import { html, svg } from "./elements";

/** The budgets, each with a bar, what is spent of its limit and when it begins anew. */
export function budgetList(budgets: readonly BudgetUse[], format: Format, strings: PageStrings): HTMLElement {
  const rows = budgets.map((budget) => {
    const { name, spentUsdMicros, limitUsdMicros, fraction, state, resetsAt, reservedUsdMicros } = budget;
    const amounts = [format.dollars(spentUsdMicros), format.dollars(limitUsdMicros)];
    const states = { ok: undefined, warned: strings.budgetWarned, exceeded: strings.budgetExceeded };
    const notes = [
      states[state],
      reservedUsdMicros > 0 ? fill(strings.budgetReserved, format.dollars(reservedUsdMicros)) : undefined,
      resetsAt === undefined ? undefined : fill(strings.budgetResets, format.moment(resetsAt)),
    ].filter((note) => note !== undefined);
    return html(
      "li",
      { class: `budget ${state}` },
      html("span", {}, fill(strings.budgetUse, name, ...amounts, format.percent(fraction))),
      bar(fraction),
      html("span", { class: "note" }, notes.join(" · ")),
    );
  });
  return html("section", { class: "budgets" }, html("h2", {}, strings.budgets), html("ul", {}, ...rows));
}

/** The text beside it says the same. */
function bar(fraction: number): SVGSVGElement {
  const width = `${Math.min(Math.max(fraction, 0), 1) * 100}%`;
  return svg(
    "svg",
    { class: "budget-bar", "aria-hidden": "true" },
    svg("rect", { class: "limit", width: "100%", height: "100%" }),
    svg("rect", { class: "spent", width, height: "100%" }),
  );
}
