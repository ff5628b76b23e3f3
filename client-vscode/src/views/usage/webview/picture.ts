import { bars, centreOf, type Frame, yOf } from "../chart/layout";
import { labelled, ticks } from "../chart/scale";
import type { Segment, Series } from "../chart/series";
import { MAX_SERIES } from "../chart/series";
import type { Measure } from "../messages";
import type { Bucket } from "../chart/buckets";
import type { Format } from "../chart/format";
import { svg } from "./elements";

/** The data of a chart. */
export interface Drawing {
  readonly buckets: readonly Bucket[];
  readonly series: readonly Series[];
  readonly stacks: readonly (readonly Segment[])[];
  readonly measure: Measure;
}

/** A segment of a bar on the page. */
export interface DrawnBar {
  readonly bucket: number;
  readonly segment: number;
  readonly element: SVGGElement;
}

const MAX_TICKS = 5;
const CHARACTER_WIDTH = 7;
const LABEL_GAP = 16;
const HEIGHT = 300;

/** The axes, the grid and the bars, for a width in CSS pixels. The caller's element around them has a role and a name. */
export function picture(
  drawing: Drawing,
  format: Format,
  width: number,
  label: (bucket: number, series: number, value: number) => string,
): { readonly frame: Frame; readonly content: readonly SVGElement[]; readonly bars: readonly DrawnBar[] } {
  const { buckets, stacks, measure } = drawing;
  const largest = Math.max(0, ...stacks.map((segments) => segments.at(-1)?.to ?? 0));
  const marks = ticks(largest, MAX_TICKS, 1);
  const top = marks.at(-1) ?? 0;
  const texts = marks.map((mark) => format.tick(mark, measure));
  const left = Math.max(...texts.map((text) => text.length)) * CHARACTER_WIDTH + LABEL_GAP;
  const frame: Frame = { width, height: HEIGHT, left, right: 12, top: 12, bottom: 30 };

  const grid = marks.map((mark, place) => {
    const y = yOf(mark, top, frame);
    return svg(
      "g",
      { class: mark === 0 ? "mark zero" : "mark" },
      svg("line", { x1: left, x2: width - frame.right, y1: y, y2: y }),
      svg("text", { x: left - 8, y, dy: "0.32em", "text-anchor": "end" }, texts[place]),
    );
  });
  const longest = Math.max(...buckets.map((bucket) => format.shortBucket(bucket).length));
  const places = labelled(buckets.length, width - left - frame.right, longest * CHARACTER_WIDTH + LABEL_GAP);
  const dates = places.flatMap((place) => {
    const bucket = buckets[place];
    const x = centreOf(place, buckets.length, frame);
    return bucket ? [svg("text", { x, y: HEIGHT - 10, "text-anchor": "middle" }, format.shortBucket(bucket))] : [];
  });

  const drawn = bars(stacks, top, frame).map(({ bucket, segment, series, x, y, width: w, height }): DrawnBar => {
    const colour = drawing.series[series]?.colour ?? "other";
    const part = stacks[bucket]?.[segment];
    const shape = { x, y, width: w, height };
    const attributes = {
      class: `bar colour-${colour}`,
      role: "img",
      tabindex: -1,
      "aria-label": label(bucket, series, part ? part.to - part.from : 0),
    };
    const hatch = svg("rect", { ...shape, class: "hatch", fill: `url(#hatch-${colour})` });
    return { bucket, segment, element: svg("g", attributes, svg("rect", { ...shape, class: "fill" }), hatch) };
  });
  const axes = svg("g", { "aria-hidden": "true" }, ...grid, svg("g", { class: "dates" }, ...dates));
  const segments = svg("g", { class: "bars" }, ...drawn.map(({ element }) => element));
  return { frame, content: [hatches(), axes, segments], bars: drawn };
}

/** Patterns for where colours alone are not enough: each colour has its own direction and distance of lines. */
function hatches(): SVGDefsElement {
  const patterns = Array.from({ length: MAX_SERIES }, (_, place) => {
    const size = place % 2 === 0 ? 8 : 5;
    return pattern(String(place), size, `rotate(${(place * 45) % 180})`);
  });
  return svg("defs", {}, ...patterns, pattern("other", 4, "rotate(45)"));
}

function pattern(name: string, size: number, turned: string): SVGPatternElement {
  const attributes = { id: `hatch-${name}`, width: size, height: size, patternUnits: "userSpaceOnUse" };
  const line = svg("line", { x1: 0, x2: 0, y1: 0, y2: size, class: "hatch-line" });
  return svg("pattern", { ...attributes, patternTransform: turned }, line);
}

/** A square in a series' colour, for legends. */
export function swatch(colour: Series["colour"]): SVGSVGElement {
  const shape = { width: 12, height: 12, rx: 2 };
  return svg(
    "svg",
    { class: `swatch colour-${colour}`, width: 12, height: 12, "aria-hidden": "true" },
    svg("rect", { ...shape, class: "fill" }),
    svg("rect", { ...shape, class: "hatch", fill: `url(#hatch-${colour})` }),
  );
}
