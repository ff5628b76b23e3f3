import { expect, test } from "vitest";

import { type Colour, contrast, cssOf, MIN_CONTRAST, parseColour, readable } from "../../../../../src/views/usage/chart/contrast";

test.each([
  [[0, 0, 0], [255, 255, 255], 21],
  [[255, 0, 0], [255, 0, 0], 1],
  [[119, 119, 119], [255, 255, 255], 4.48],
] as const)("the contrast of %j and %j is %f", (one, other, ratio) => {
  expect(contrast(one, other)).toBeCloseTo(ratio, 2);
  expect(contrast(other, one)).toBeCloseTo(ratio, 2);
});

test.each([
  ["rgb(1, 2, 3)", [1, 2, 3]],
  ["rgba(234, 92, 0, 0.33)", [234, 92, 0]],
  ["rgba(0, 0, 0, 0)", undefined],
  ["color(srgb 1 0 0)", undefined],
  ["", undefined],
] as const)("%s", (computed, colour) => {
  expect(parseColour(computed)).toEqual(colour);
});

const SHADES = [0, 31, 96, 128, 160, 224, 255];
const COLOURS = SHADES.flatMap((red) => SHADES.flatMap((green) => SHADES.map((blue): Colour => [red, green, blue])));

test("any colour can be seen on any background", () => {
  for (const background of COLOURS) {
    for (const colour of COLOURS) {
      const shown = parseColour(cssOf(readable(colour, background)));
      if (shown === undefined || contrast(shown, background) < MIN_CONTRAST) {
        expect.fail(`${cssOf(colour)} on ${cssOf(background)}`);
      }
    }
  }
});

test("a colour that can be seen is the theme's own", () => {
  expect(readable([89, 164, 249], [0, 0, 0])).toEqual([89, 164, 249]);
});
