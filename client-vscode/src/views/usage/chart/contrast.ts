/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** The least contrast of a graphical object with what is around it. Source: WCAG 2.2, success criterion 1.4.11. */
export const MIN_CONTRAST = 3;

const BLACK: Colour = [0, 0, 0];
const WHITE: Colour = [255, 255, 255];
/** Small enough that a colour changes no more than it has to. */
const STEP = 0.05;

/**
 * The colour that a browser computes for a theme's value, such as `rgba(234, 92, 0, 0.33)`, as if it were opaque; undefined
 * where it cannot be seen at all, or is of another form.
 */
export function parseColour(computed: string): Colour | undefined {
  const found = /^rgba?\(([\d.]+),\s*([\d.]+),\s*([\d.]+)(?:,\s*([\d.]+))?\)$/.exec(computed.trim());
  if (found === null || Number(found[4] ?? 1) === 0) {
    return undefined;
  }
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** The colour as CSS has it. */
export function cssOf(colour: Colour): string {
  return `rgb(${colour.map(Math.round).join(", ")})`;
}

/** The contrast of two colours, 1 to 21. Source: WCAG 2.2, contrast ratio. */
export function contrast(one: Colour, other: Colour): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour, or the nearest on its way to white or black that stands out from the background. */
export function readable(colour: Colour, background: Colour): Colour {
  const end = contrast(WHITE, background) > contrast(BLACK, background) ? WHITE : BLACK;
  for (let share = 0; share < 1; share += STEP) {
    const mixed = mix(colour, end, share);
    // As it is written in CSS, since rounding may cost what is missing.
    const written: Colour = [Math.round(mixed[0]), Math.round(mixed[1]), Math.round(mixed[2])];
    if (contrast(written, background) >= MIN_CONTRAST) {
      return written;
    }
  }
  return end;
}

function mix(one: Colour, other: Colour, share: number): Colour {
  const at = (place: 0 | 1 | 2): number => one[place] + (other[place] - one[place]) * share;
  return [at(0), at(1), at(2)];
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
