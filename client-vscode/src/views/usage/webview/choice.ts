import { html } from "./elements";

/** Radio buttons in one row, for picking one of several values. */
export function choice<T extends string | number>(
  name: string,
  title: string,
  options: readonly (readonly [T, string])[],
  picked: T,
  pick: (value: T) => void,
): HTMLFieldSetElement {
  const labels = options.map(([value, text]) => {
    const input = html("input", { type: "radio", name, value, checked: value === picked });
    input.addEventListener("change", () => pick(value));
    return html("label", {}, input, html("span", {}, text));
  });
  return html("fieldset", { class: "choice" }, html("legend", {}, title), html("div", {}, ...labels));
}
