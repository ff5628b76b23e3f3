import { html } from "./elements";

const GAP = 10;

/** A small box beside the bar under the pointer or with the focus. Screen readers get the same from the bar's name. */
export class Tooltip {
  readonly element = html("div", { class: "tooltip", "aria-hidden": "true", hidden: true });

  /** Shows it beside a position in the chart, in CSS pixels, on the side where there is room. */
  show(x: number, y: number, room: number, ...content: readonly Node[]): void {
    const { element } = this;
    element.replaceChildren(...content);
    element.hidden = false;
    const width = element.offsetWidth;
    const beside = x + GAP + width <= room ? x + GAP : x - GAP - width;
    element.style.left = `${Math.max(0, Math.min(beside, room - width))}px`;
    element.style.top = `${Math.max(0, y)}px`;
  }

  hide(): void {
    this.element.hidden = true;
  }
}
