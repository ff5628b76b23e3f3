import { bucketAt, centreOf, type Frame } from "../chart/layout";
import { lastPosition, moved, type Position } from "../chart/navigation";
import { fill, type Format } from "../chart/format";
import type { PageStrings } from "../messages";
import { html, svg } from "./elements";
import { type Drawing, type DrawnBar, picture, swatch } from "./picture";
import { Tooltip } from "./tooltip";

const MIN_WIDTH = 280;

/**
 * The chart: stacked bars that are drawn again when the page's width changes. The tab key reaches one segment; the arrow
 * keys move from there.
 */
export class Chart {
  readonly element: HTMLElement;
  private readonly drawing: SVGSVGElement;
  private readonly tooltip = new Tooltip();
  private shown: Drawing | undefined;
  private frame: Frame | undefined;
  private drawn: readonly DrawnBar[] = [];
  private current: Position | undefined;
  private width = 0;

  constructor(
    private readonly format: Format,
    private readonly strings: PageStrings,
  ) {
    const help = html("p", { id: "chart-help", class: "for-screen-readers" }, strings.chartHelp);
    // Inside this role screen readers pass the arrow keys on to the page.
    this.drawing = svg("svg", { role: "application", "aria-describedby": "chart-help" });
    this.element = html("div", { class: "chart" }, help, this.tooltip.element);
    this.element.prepend(this.drawing);
    // On the element around it, because listeners for the focus on the drawing would make it a tab stop.
    this.element.addEventListener("keydown", (event) => this.pressed(event));
    this.element.addEventListener("focusin", (event) => this.focused(event));
    this.element.addEventListener("focusout", () => this.tooltip.hide());
    this.drawing.addEventListener("pointermove", (event) => this.pointed(event));
    this.element.addEventListener("pointerleave", () => this.tooltip.hide());
    new ResizeObserver(() => this.redraw()).observe(this.element);
  }

  get hasFocus(): boolean {
    return this.drawing.contains(document.activeElement);
  }

  /** Draws other data; with `focus` focuses the current segment again, since rebuilding the page loses the focus. */
  show(drawing: Drawing, focus: boolean): void {
    this.shown = drawing;
    this.width = 0;
    this.drawing.setAttribute("aria-label", fill(this.strings.chart, this.strings[drawing.measure]));
    this.redraw(focus);
  }

  private redraw(focus = this.hasFocus): void {
    const width = Math.max(MIN_WIDTH, Math.floor(this.element.clientWidth));
    if (!this.shown || width === this.width) {
      return;
    }
    this.width = width;
    const { frame, content, bars } = picture(this.shown, this.format, width, (bucket, series, value) =>
      this.nameOf(bucket, series, value),
    );
    this.drawing.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    this.drawing.setAttribute("width", String(frame.width));
    this.drawing.setAttribute("height", String(frame.height));
    this.drawing.replaceChildren(...content);
    this.frame = frame;
    this.drawn = bars;
    this.tooltip.hide();
    this.enter(this.kept(this.shown), focus);
  }

  /** The segment that the tab key reached before, or the nearest that exists now. */
  private kept({ stacks }: Drawing): Position | undefined {
    const { current } = this;
    const segments = stacks[current?.bucket ?? -1]?.length ?? 0;
    return current && segments > 0
      ? { bucket: current.bucket, segment: Math.min(current.segment, segments - 1) }
      : lastPosition(stacks);
  }

  /** Makes a segment the one that the tab key reaches. */
  private enter(position: Position | undefined, focus: boolean): void {
    this.barAt(this.current)?.setAttribute("tabindex", "-1");
    this.current = position;
    const bar = this.barAt(position);
    bar?.setAttribute("tabindex", "0");
    if (focus) {
      bar?.focus({ preventScroll: true });
    }
  }

  private barAt(position: Position | undefined): SVGGElement | undefined {
    return this.drawn.find((bar) => bar.bucket === position?.bucket && bar.segment === position.segment)?.element;
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.tooltip.hide();
      return;
    }
    if (!this.shown || !this.current || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const next = moved(this.shown.stacks, this.current, event.key);
    if (next) {
      event.preventDefault();
      this.enter(next, true);
    }
  }

  private focused(event: FocusEvent): void {
    const bar = this.drawn.find(({ element }) => element === event.target);
    if (bar) {
      // A click moves the focus, too.
      this.enter(bar, false);
      this.showTooltip(bar.bucket, bar.segment);
    }
  }

  private pointed(event: PointerEvent): void {
    if (!this.shown || !this.frame) {
      return;
    }
    const x = event.clientX - this.drawing.getBoundingClientRect().left;
    const bucket = bucketAt(x, this.shown.buckets.length, this.frame);
    if (bucket === undefined) {
      this.tooltip.hide();
      return;
    }
    const target = event.target instanceof Node ? event.target : null;
    this.showTooltip(bucket, this.drawn.find(({ element }) => element.contains(target))?.segment);
  }

  /** Shows the tooltip of a bar, with one segment in bold. */
  private showTooltip(bucket: number, segment: number | undefined): void {
    const { shown, frame } = this;
    const time = shown?.buckets[bucket];
    if (!shown || !frame || !time) {
      return;
    }
    const { measure, series } = shown;
    const segments = shown.stacks[bucket] ?? [];
    const rows = segments.map((part, place) => {
      const value = this.format.value(part.to - part.from, measure);
      const of = series[part.series];
      return html(
        "tr",
        { class: place === segment ? "meant" : undefined },
        html("td", {}, of && swatch(of.colour)),
        html("td", {}, this.seriesName(part.series)),
        html("td", { class: "number" }, value),
      );
    });
    const total = html(
      "tr",
      { class: "total" },
      html("td"),
      html("td", {}, this.strings.total),
      html("td", { class: "number" }, this.format.value(segments.at(-1)?.to ?? 0, measure)),
    );
    const table = html("table", {}, ...rows.reverse(), rows.length === 1 ? undefined : total);
    const x = centreOf(bucket, shown.buckets.length, frame);
    this.tooltip.show(x, frame.top, frame.width, html("strong", {}, this.format.bucket(time)), table);
  }

  private nameOf(bucket: number, series: number, value: number): string {
    const { shown, strings, format } = this;
    const time = shown?.buckets[bucket];
    return shown && time
      ? fill(
          strings.bar,
          format.bucket(time),
          this.seriesName(series),
          strings[shown.measure],
          format.value(value, shown.measure),
        )
      : "";
  }

  private seriesName(place: number): string {
    const series = this.shown?.series[place];
    return series ? nameOfSeries(series, this.format, this.strings) : "";
  }
}

/** The model's name, or the number of models in the series. */
export function nameOfSeries(series: Drawing["series"][number], format: Format, strings: PageStrings): string {
  if (series.model === undefined) {
    return fill(strings.otherModels, format.integer(series.models));
  }
  return series.model === "" ? strings.noName : series.model;
}
