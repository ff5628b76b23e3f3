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
  t(message: string, ...values: unknown[]): string {
    return message.replace(/\{(\d+)\}/g, (_, place: string) => String(values[Number(place)]));
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
export * from "./window";

/** The values of settings, by their full names; a test fills it and empties it again. */
export const settings = new Map<string, { defaultValue?: unknown; globalValue?: unknown; workspaceValue?: unknown }>();

export const configurationChanged = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();

export const workspace = {
  workspaceFolders: undefined as readonly unknown[] | undefined,
  onDidChangeConfiguration: configurationChanged.event,
  getConfiguration(section = "") {
    const named = (name: string) => settings.get(section === "" ? name : `${section}.${name}`);
    return {
      inspect: (name: string) => named(name),
      get(name: string, otherwise?: unknown): unknown {
        const values = named(name);
        return values?.workspaceValue ?? values?.globalValue ?? values?.defaultValue ?? otherwise;
      },
    };
  },
};

export enum ProgressLocation {
  SourceControl = 1,
  Window = 10,
  Notification = 15,
}

export const window = {
  showErrorMessage: (_message: string, ..._others: unknown[]): Promise<unknown> => Promise.resolve(undefined),
  showWarningMessage: (_message: string, ..._others: unknown[]): Promise<unknown> => Promise.resolve(undefined),
  showInformationMessage: (_message: string, ..._others: unknown[]): Promise<unknown> => Promise.resolve(undefined),
};

export const env = { language: "en" };

export const commands = {
  executeCommand: async (command: string): Promise<never> => {
    throw new Error(`command '${command}' not found`);
  },
};

export const lm = {
  registerLanguageModelChatProvider: (): Disposable => new Disposable(() => undefined),
};
