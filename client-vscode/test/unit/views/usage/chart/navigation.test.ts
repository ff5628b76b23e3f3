import { expect, test } from "vitest";

import { lastPosition, moved } from "../../../../../src/views/usage/chart/navigation";

const segmentOf = (series: number) => ({ series, from: 0, to: 1 });
const STACKS = [[], [segmentOf(0), segmentOf(2)], [], [segmentOf(1)], [segmentOf(0), segmentOf(1), segmentOf(2)], []];

test("a walk begins at the last day that has something", () => {
  expect(lastPosition(STACKS)).toEqual({ bucket: 4, segment: 0 });
  expect(lastPosition([[], []])).toBeUndefined();
  expect(lastPosition([])).toBeUndefined();
});

test.each([
  ["ArrowLeft", 4, 2, { bucket: 3, segment: 0 }],
  ["ArrowLeft", 3, 0, { bucket: 1, segment: 0 }],
  ["ArrowLeft", 1, 1, undefined],
  ["ArrowRight", 1, 1, { bucket: 3, segment: 0 }],
  ["ArrowRight", 3, 0, { bucket: 4, segment: 1 }],
  ["ArrowRight", 4, 0, undefined],
  ["ArrowUp", 1, 0, { bucket: 1, segment: 1 }],
  ["ArrowUp", 1, 1, undefined],
  ["ArrowDown", 4, 2, { bucket: 4, segment: 1 }],
  ["ArrowDown", 4, 0, undefined],
  ["Home", 4, 2, { bucket: 1, segment: 1 }],
  ["End", 1, 1, { bucket: 4, segment: 2 }],
  ["Tab", 4, 0, undefined],
])("%s from bar %d, segment %d", (key, bucket, segment, to) => {
  expect(moved(STACKS, { bucket, segment }, key)).toEqual(to);
});
