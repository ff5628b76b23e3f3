import { expect, test } from "vitest";

import { bars, bucketAt, centreOf, yOf } from "../../../../../src/views/usage/chart/layout";
import { labelled, ticks } from "../../../../../src/views/usage/chart/scale";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [7, [0, 2, 4, 6, 8]],
  [10, [0, 2, 4, 6, 8, 10]],
  [11, [0, 5, 10, 15]],
  [99_000, [0, 20_000, 40_000, 60_000, 80_000, 100_000]],
])("the marks up to %d", (largest, marks) => {
  expect(ticks(largest, 5, 1)).toEqual(marks);
});

test("marks are few, in even steps of a round number, and reach the largest value", () => {
  for (let value = 1; value < 1e13; value = Math.ceil(value * 1.37)) {
    const marks = ticks(value, 5, 1);
    const step = marks[1] ?? 0;
    expect(marks.length).toBeLessThanOrEqual(6);
    expect(marks.at(-1)).toBeGreaterThanOrEqual(value);
    expect(marks.at(-2)).toBeLessThan(value);
    expect(["1", "2", "5"]).toContain(String(step)[0]);
    expect(Number(String(step).slice(1) || "0")).toBe(0);
    marks.forEach((mark, place) => expect(mark).toBe(place * step));
  }
});

test("labels have room, and the last day always has one", () => {
  expect(labelled(7, 700, 60)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(labelled(30, 700, 60)).toEqual([1, 5, 9, 13, 17, 21, 25, 29]);
  for (const count of [1, 2, 30, 90, 106, 500]) {
    for (const width of [60, 200, 700]) {
      const places = labelled(count, width, 60);
      expect(places.at(-1)).toBe(count - 1);
      expect(places.length).toBeLessThanOrEqual(Math.max(1, Math.floor(width / 60)));
    }
  }
  expect(labelled(0, 700, 60)).toEqual([]);
});

const FRAME = { width: 140, height: 120, left: 30, right: 10, top: 10, bottom: 10 };

test("values lie between the upper and the lower edge", () => {
  expect([0, 5, 10].map((value) => yOf(value, 10, FRAME))).toEqual([110, 60, 10]);
  expect(yOf(0, 0, FRAME)).toBe(110);
});

test("bars stand on each other in the middle of their day", () => {
  const stacks = [[], [{ series: 0, from: 0, to: 5 }, { series: 2, from: 5, to: 10 }]]; // prettier-ignore
  const [low, high] = bars(stacks, 10, FRAME);
  expect(low).toMatchObject({ bucket: 1, segment: 0, series: 0, y: 60, height: 50, width: 38 });
  expect(high).toMatchObject({ bucket: 1, segment: 1, series: 2, y: 10, height: 50 });
  expect((low?.x ?? 0) + 19).toBe(centreOf(1, 2, FRAME));
});

test("what is small is seen, and what is pointed at is found", () => {
  const [bar] = bars([[{ series: 0, from: 0, to: 1 }]], 1e9, FRAME);
  expect(bar?.height).toBeGreaterThanOrEqual(1);
  expect([29, 31, 79, 81, 131].map((x) => bucketAt(x, 2, FRAME))).toEqual([undefined, 0, 0, 1, undefined]);
});
