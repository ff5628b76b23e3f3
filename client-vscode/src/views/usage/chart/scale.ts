/**
 * Round numbers from 0 to at least the largest value, for the marks of an axis: steps of 1, 2 or 5 times a power of
 * ten, at most `max` of them.
 *
 * @param smallest the smallest step that makes sense, such as 1 for what is counted
 */
export function ticks(largest: number, max: number, smallest: number): readonly number[] {
  const top = largest > 0 ? largest : smallest;
  const step = Math.max(roundUp(top / Math.max(1, max)), smallest);
  const count = Math.ceil(top / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, place) => place * step);
}

/** The indices of the bars with a label: every n-th back from the last one, so that the labels do not overlap. */
export function labelled(count: number, width: number, labelWidth: number): readonly number[] {
  const fit = Math.max(1, Math.floor(width / labelWidth));
  const step = STEPS.find((steps) => Math.ceil(count / steps) <= fit) ?? Math.ceil(count / fit);
  const places: number[] = [];
  for (let place = count - 1; place >= 0; place -= step) {
    places.unshift(place);
  }
  return places;
}

/** The preferred numbers of bars from one label to the next: of days these are weeks and half months. */
const STEPS = [1, 2, 4, 7, 14, 28];

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5].find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return factor * power;
}
