/** As much of the editor's module as the tests need, behaving as its documentation says. */

export * from "./languageModels";

export class Disposable {
  static from(...several: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => several.forEach((one) => one.dispose()));
  }

  constructor(private readonly action: () => unknown) {}

  dispose(): void {
    this.action();
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => unknown>();

  readonly event = (listener: (value: T) => unknown): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) {
      listener(value);
    }
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  private readonly cancelled = new EventEmitter<void>();
  readonly token = {
    isCancellationRequested: false,
    onCancellationRequested: this.cancelled.event,
  };

  cancel(): void {
    this.token.isCancellationRequested = true;
    this.cancelled.fire();
  }

  dispose(): void {
    this.cancelled.dispose();
  }
}

export const l10n = {
  t(message: string, ...values: (string | number | boolean)[]): string {
    return message.replace(/\{(\d+)\}/g, (match, place: string) => String(values[Number(place)] ?? match));
  },
};

export class CancellationError extends Error {
  constructor() {
    super("Canceled");
    this.name = "Canceled";
  }
}

export enum LogLevel {
  Off = 0,
  Trace = 1,
  Debug = 2,
  Info = 3,
  Warning = 4,
  Error = 5,
}

export * from "./editor";
export * from "./webview";
export * from "./window";

export const lm = {
  registerLanguageModelChatProvider: (): Disposable => new Disposable(() => undefined),
};
