import { type Colour, cssOf, parseColour, readable } from "../chart/contrast";
import { MAX_SERIES, type Series } from "../chart/series";

/** The editor's colours for charts, in the order in which series get them, each with one for themes that have none. */
const CHARTS: readonly (readonly [string, Colour])[] = [
  ["blue", [59, 142, 234]],
  ["orange", [209, 134, 22]],
  ["green", [80, 160, 80]],
  ["purple", [160, 110, 200]],
  ["yellow", [190, 150, 0]],
  ["red", [220, 70, 70]],
];
/** The series after the sixth repeat a colour, under a pattern. */
const REPEATED = ["blue", "green"];
const GREY: Colour = [128, 128, 128];

/**
 * Gives the page a colour for each series, `--series-0` to `--series-other`, again whenever the theme changes. Themes need
 * not have the editor's chart colours: high contrast has no orange, and that of others is nearly transparent.
 */
export function followTheme(root: HTMLElement): void {
  const set = (): void => setColours(root);
  const observer = new MutationObserver(set);
  // The editor hands its theme over as the document's style and the body's classes.
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  set();
}

function setColours(root: HTMLElement): void {
  const background = colourOf(root, "--vscode-editor-background") ?? [255, 255, 255];
  const charts = new Map(
    CHARTS.map(([name, own]) => [name, colourOf(root, `--vscode-charts-${name}`) ?? own] as const),
  );
  const names = [...charts.keys(), ...REPEATED].slice(0, MAX_SERIES);
  names.forEach((name, place) => setColour(root, place, charts.get(name) ?? GREY, background));
  setColour(root, "other", colourOf(root, "--vscode-descriptionForeground") ?? GREY, background);
}

function setColour(root: HTMLElement, series: Series["colour"], colour: Colour, background: Colour): void {
  root.style.setProperty(`--series-${series}`, cssOf(readable(colour, background)));
}

/** The colour of a variable, however the theme writes it; undefined where it has none. */
function colourOf(root: HTMLElement, variable: string): Colour | undefined {
  const probe = document.createElement("span");
  probe.hidden = true;
  // Transparent unless the variable has a colour.
  probe.style.color = `var(${variable}, transparent)`;
  root.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return parseColour(color);
}
