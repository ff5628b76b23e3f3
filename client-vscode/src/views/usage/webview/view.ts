import { toBuckets } from "../chart/buckets";
import { fill, Format } from "../chart/format";
import { stack, toSeries } from "../chart/series";
import { byModel, valueOf } from "../chart/totals";
import {
  MEASURES,
  type Measure,
  type PageStrings,
  type ProviderCredit,
  type Range,
  RANGES,
  type UsageReport,
} from "../messages";
import { budgetList } from "./budgets";
import { Chart, nameOfSeries } from "./chart";
import { choice } from "./choice";
import { creditList } from "./credits";
import { html } from "./elements";
import type { Choices } from "./host";
import { swatch } from "./picture";
import { numbersTable, sourcesTable, sumsTable } from "./tables";
import { lastCallLine, totalsList } from "./totals";

/** The handlers of the page's controls. */
export interface Actions {
  pickRange(range: Range): void;
  pickMeasure(measure: Measure): void;
  showTable(shown: boolean): void;
  retry(): void;
  showLog(): void;
}

/** The page: its controls at the top, and below them the report, or the reason why there is none. */
export class View {
  private readonly format: Format;
  private readonly chart: Chart;
  private readonly body = html("div", { class: "report" });
  private readonly announcement = html("p", { role: "status", class: "for-screen-readers" });
  private readonly numbers = html("div", { id: "numbers", class: "scrolled", hidden: true });
  private readonly toggle = html("button", { type: "button", "aria-controls": "numbers" });
  private readonly credits = html("div");
  private report: UsageReport | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly strings: PageStrings,
    locale: string,
    private choices: Choices,
    private readonly actions: Actions,
  ) {
    this.format = new Format(locale, strings);
    this.chart = new Chart(this.format, strings);
    this.toggle.addEventListener("click", () => this.actions.showTable(!this.choices.table));
    const ranges = RANGES.map((range) => [range, this.nameOfRange(range)] as const);
    const measures = MEASURES.map((measure) => [measure, strings[measure]] as const);
    root.replaceChildren(
      html("h1", {}, strings.title),
      html(
        "div",
        { class: "choices" },
        choice("range", strings.range, ranges, choices.range, (range) => actions.pickRange(range)),
        choice("measure", strings.measure, measures, choices.measure, (measure) => actions.pickMeasure(measure)),
      ),
      this.announcement,
      this.body,
      html("p", { class: "note" }, strings.utcNote),
    );
  }

  /** Draws again with other choices. */
  choose(choices: Choices): void {
    this.choices = choices;
    if (this.report) {
      this.draw(this.report);
    }
  }

  /** Marks the page as busy; a report that is shown stays until the next one. */
  loading(): void {
    this.root.setAttribute("aria-busy", "true");
    if (!this.report) {
      this.body.replaceChildren(html("p", { class: "state" }, this.strings.loading));
    }
  }

  failed(message: string): void {
    this.root.setAttribute("aria-busy", "false");
    this.report = undefined;
    const retry = html("button", { type: "button" }, this.strings.retry);
    retry.addEventListener("click", () => this.actions.retry());
    const showLog = html("button", { type: "button" }, this.strings.showLog);
    showLog.addEventListener("click", () => this.actions.showLog());
    const text = html("div", { role: "alert" }, html("h2", {}, this.strings.failed), html("p", {}, message));
    this.body.replaceChildren(html("div", { class: "state failed" }, text, html("div", { class: "buttons" }, retry, showLog)));
    this.announcement.textContent = "";
  }

  /** Shows a report; announces it to screen readers if the user has picked another range, and not after each call. */
  show(report: UsageReport): void {
    this.root.setAttribute("aria-busy", "false");
    const picked = this.report?.range !== report.range;
    this.report = report;
    this.draw(report);
    if (picked) {
      const { totals } = report;
      const texts = [this.format.integer(totals.totalCalls), this.format.integer(valueOf(totals, "tokens")), this.format.money(totals)];
      this.announcement.textContent = fill(this.strings.shown, ...texts);
    }
  }

  /** Shows the credits, which stay until the next ones are known. */
  showCredits(credits: readonly ProviderCredit[]): void {
    this.credits.replaceChildren(creditList(credits, this.strings));
  }

  private draw(report: UsageReport): void {
    const { strings, format } = this;
    const budgets = report.budgets.length > 0 ? [budgetList(report.budgets, format, strings)] : [];
    if (report.totals.totalCalls === 0) {
      const text = report.everUsed ? strings.nothingInRange : strings.neverUsed;
      this.body.replaceChildren(...budgets, html("p", { class: "state empty" }, text));
      return;
    }
    const { measure } = this.choices;
    const models = byModel(report.days);
    const buckets = toBuckets(report.days, report.from, report.to);
    const series = toSeries(models, measure);
    const colours = new Map(series.flatMap(({ model, colour }) => (model === undefined ? [] : [[model, colour] as const])));
    this.drawNumbers(buckets);
    const picture = series.length > 0 ? this.chart.element : html("p", { class: "state" }, strings.noPrices);
    const legend = html(
      "ul",
      { class: "legend" },
      ...series.map((one) => html("li", {}, swatch(one.colour), nameOfSeries(one, format, strings))),
    );
    const sums = [
      sumsTable(strings.byModel, models, format, strings, (name) => {
        const colour = colours.get(name);
        return colour === undefined ? undefined : swatch(colour);
      }),
      sumsTable(strings.byClient, report.clients, format, strings),
      sumsTable(strings.byProject, report.projects, format, strings),
      ...(report.sources.length > 0 ? [sourcesTable(report, format, strings)] : []),
    ];
    const parts = [
      totalsList(report, format, strings),
      ...budgets,
      this.credits,
      ...(report.lastCall ? [lastCallLine(report.lastCall, format, strings)] : []),
      picture,
      legend,
      this.toggle,
      this.numbers,
      ...sums.map((table) => html("div", { class: "scrolled" }, table)),
    ];
    const { hasFocus } = this.chart;
    const onToggle = document.activeElement === this.toggle;
    this.body.replaceChildren(...parts);
    this.chart.show({ buckets, series, measure, stacks: stack(buckets, series, measure) }, hasFocus);
    if (onToggle) {
      this.toggle.focus({ preventScroll: true });
    }
  }

  private drawNumbers(buckets: ReturnType<typeof toBuckets>): void {
    const { table } = this.choices;
    this.toggle.textContent = table ? this.strings.hideTable : this.strings.showTable;
    this.toggle.setAttribute("aria-expanded", String(table));
    this.numbers.hidden = !table;
    this.numbers.replaceChildren(...(table ? [numbersTable(buckets, this.format, this.strings)] : []));
  }

  private nameOfRange(range: Range): string {
    return range === "all" ? this.strings.allTime : fill(this.strings.lastDays, this.format.integer(range));
  }
}
