import { type FromPage, isMeasure, isRange, type Measure, type Range } from "../messages";

/** The state that the editor keeps while the page is hidden, and restores when a window is opened again. */
export interface Choices {
  readonly range: Range;
  readonly measure: Measure;
  readonly table: boolean;
}

interface Api {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: Choices): void;
}

declare function acquireVsCodeApi(): Api;

const FIRST: Choices = { range: 30, measure: "tokens", table: false };

/** The page's connection to the editor. There is one for each load of the page. */
export class Host {
  private readonly api = acquireVsCodeApi();

  send(message: FromPage): void {
    this.api.postMessage(message);
  }

  get choices(): Choices {
    const kept = this.api.getState();
    if (typeof kept !== "object" || kept === null) {
      return FIRST;
    }
    const { range, measure, table }: { range?: unknown; measure?: unknown; table?: unknown } = kept;
    return {
      range: isRange(range) ? range : FIRST.range,
      measure: isMeasure(measure) ? measure : FIRST.measure,
      table: table === true,
    };
  }

  set choices(choices: Choices) {
    this.api.setState(choices);
  }
}
