/**
 * Round numbers from 0 to at least the largest value, for the marks of an axis: steps of 1, 2 or 5 times a power of
 * ten, at most `most` of them.
 *
 * @param smallest the smallest step that makes sense, such as 1 for what is counted
 */
export function ticks(largest: number, most: number, smallest: number): readonly number[] {
  const top = largest > 0 ? largest : smallest;
  const step = Math.max(roundUp(top / Math.max(1, most)), smallest);
  const count = Math.ceil(top / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, place) => place * step);
}

/** The places of a time axis that have a label: every so many from the last one back, with room for each. */
export function labelled(count: number, width: number, labelWidth: number): readonly number[] {
  const fit = Math.max(1, Math.floor(width / labelWidth));
  const step = STEPS.find((steps) => Math.ceil(count / steps) <= fit) ?? Math.ceil(count / fit);
  const places: number[] = [];
  for (let place = count - 1; place >= 0; place -= step) {
    places.unshift(place);
  }
  return places;
}

/** Days, weeks and half months between two labels. */
const STEPS = [1, 2, 4, 7, 14, 28];

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}
