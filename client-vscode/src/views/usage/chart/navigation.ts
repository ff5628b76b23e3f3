import type { Segment } from "./series";

/** A segment of a bar. */
export interface Position {
  readonly bucket: number;
  readonly segment: number;
}

type Stacks = readonly (readonly Segment[])[];

/**
 * Where a key moves the focus from a segment: left and right to the next bar that is not empty, to the same series or the
 * nearest below it; up and down within the bar; Home and End to the first and the last bar. undefined for other keys.
 */
export function moved(stacks: Stacks, from: Position, key: string): Position | undefined {
  switch (key) {
    case "ArrowLeft":
      return beside(stacks, from, -1);
    case "ArrowRight":
      return beside(stacks, from, 1);
    case "ArrowUp":
      return within(stacks, from, from.segment + 1);
    case "ArrowDown":
      return within(stacks, from, from.segment - 1);
    case "Home":
      return beside(stacks, { ...from, bucket: -1 }, 1, seriesAt(stacks, from));
    case "End":
      return beside(stacks, { ...from, bucket: stacks.length }, -1, seriesAt(stacks, from));
    default:
      return undefined;
  }
}

/** The first position of the focus: the lowest segment of the last bar that is not empty. */
export function lastPosition(stacks: Stacks): Position | undefined {
  return beside(stacks, { bucket: stacks.length, segment: 0 }, -1, 0);
}

/** The segment of the series in a bar, or the nearest below it. */
function positionOf(stacks: Stacks, bucket: number, series: number): Position | undefined {
  const segments = stacks[bucket] ?? [];
  const above = segments.findIndex((segment) => segment.series > series);
  const segment = above < 0 ? segments.length - 1 : Math.max(0, above - 1);
  return segments.length > 0 ? { bucket, segment } : undefined;
}

function beside(stacks: Stacks, from: Position, step: 1 | -1, series = seriesAt(stacks, from)): Position | undefined {
  for (let bucket = from.bucket + step; bucket >= 0 && bucket < stacks.length; bucket += step) {
    const position = positionOf(stacks, bucket, series);
    if (position) {
      return position;
    }
  }
  return undefined;
}

function within(stacks: Stacks, from: Position, segment: number): Position | undefined {
  return stacks[from.bucket]?.[segment] ? { bucket: from.bucket, segment } : undefined;
}

function seriesAt(stacks: Stacks, { bucket, segment }: Position): number {
  return stacks[bucket]?.[segment]?.series ?? 0;
}
