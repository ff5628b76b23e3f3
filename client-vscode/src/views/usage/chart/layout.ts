import type { Segment } from "./series";

/** The size of the chart and of the margins around its bars, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The rectangle of a segment of a bar, in CSS pixels. */
export interface Bar {
  readonly bucket: number;
  readonly segment: number;
  readonly series: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MAX_BAR_WIDTH = 48;
const MIN_BAR_HEIGHT = 1.5;

/** The segments of all bars, bar by bar from the left, each from the bottom up. */
export function bars(stacks: readonly (readonly Segment[])[], top: number, frame: Frame): readonly Bar[] {
  const slot = slotWidth(stacks.length, frame);
  const width = Math.max(1, Math.min(MAX_BAR_WIDTH, slot * 0.76));
  return stacks.flatMap((segments, bucket) =>
    segments.map(({ series, from, to }, segment) => {
      const low = yOf(from, top, frame);
      const high = yOf(to, top, frame);
      return {
        bucket,
        segment,
        series,
        x: centreOf(bucket, stacks.length, frame) - width / 2,
        // Small amounts stay visible beside large ones.
        y: Math.min(high, low - MIN_BAR_HEIGHT),
        width,
        height: Math.max(low - high, MIN_BAR_HEIGHT),
      };
    }),
  );
}

/** The middle of a bar on the time axis. */
export function centreOf(bucket: number, count: number, frame: Frame): number {
  return frame.left + slotWidth(count, frame) * (bucket + 0.5);
}

/** The height of a value; `top` is the value at the upper edge. */
export function yOf(value: number, top: number, frame: Frame): number {
  const room = frame.height - frame.top - frame.bottom;
  return frame.height - frame.bottom - (top > 0 ? value / top : 0) * room;
}

/** The bar at a horizontal position; undefined when there is none. */
export function bucketAt(x: number, count: number, frame: Frame): number | undefined {
  const bucket = Math.floor((x - frame.left) / slotWidth(count, frame));
  return bucket >= 0 && bucket < count ? bucket : undefined;
}

function slotWidth(count: number, frame: Frame): number {
  return (frame.width - frame.left - frame.right) / Math.max(1, count);
}
