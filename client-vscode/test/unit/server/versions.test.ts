import { expect, test } from "vitest";

import { compare, isNewEnough, versionIn } from "../../../src/server/versions";

test.each([
  ["modelport, version 0.1.0\n", [0, 1, 0]],
  ["uv 0.13.8 (x86_64-unknown-linux-gnu)", [0, 13, 8]],
  ["Python 3.12", [3, 12, 0]],
  ["0.2.0.dev1+local", [0, 2, 0]],
  ["no number", undefined],
])("the version in %j is %j", (text, version) => {
  expect(versionIn(text)).toEqual(version);
});

test.each([
  [[0, 1, 0], true],
  [[0, 1, 9], true],
  [[0, 0, 9], false],
  [[0, 2, 0], true],
  [[1, 0, 0], true],
] as const)("a server %j is new enough for an extension 0.1.5: %s", (server, expected) => {
  expect(isNewEnough(server, [0, 1, 5])).toBe(expected);
});

test("versions are compared as numbers", () => {
  expect(compare([0, 10, 0], [0, 9, 9])).toBeGreaterThan(0);
  expect(compare([1, 0, 0], [1, 0, 0])).toBe(0);
});
