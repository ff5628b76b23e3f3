/** The script of the usage page. */

import { parseToPage } from "../messages";
import { followTheme } from "./colours";
import { type Choices, Host } from "./host";
import { View } from "./view";

function start(root: HTMLElement): void {
  const host = new Host();
  let view: View | undefined;

  const choose = (changed: Partial<Choices>): Choices => {
    const choices = { ...host.choices, ...changed };
    host.choices = choices;
    view?.choose(choices);
    return choices;
  };

  window.addEventListener("message", ({ data }) => {
    const message = parseToPage(data);
    switch (message?.kind) {
      case "texts":
        view = new View(root, message.strings, message.locale, host.choices, {
          pickRange: (range) => host.send({ kind: "range", range: choose({ range }).range }),
          pickMeasure: (measure) => choose({ measure }),
          showTable: (table) => choose({ table }),
          showLog: () => host.send({ kind: "showLog" }),
          retry: () => host.send({ kind: "retry", range: host.choices.range }),
        });
        break;
      case "loading":
        view?.loading();
        break;
      case "report":
        view?.show(message.report);
        break;
      case "credits":
        view?.showCredits(message.credits);
        break;
      case "failed":
        view?.failed(message.message);
        break;
    }
  });
  host.send({ kind: "ready", range: host.choices.range });
}

const root = document.getElementById("usage");
if (root) {
  followTheme(root);
  start(root);
}
