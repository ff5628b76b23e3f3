import { getConfiguration, onDidChangeConfiguration } from "./settings";
import { Disposable } from "./vscode";

/** The rest of the editor's module that commands and views use: pages, clipboard, commands, documents. */

export const version = "1.139.1";

export const env = {
  language: "en",
  appName: "Visual Studio Code",
  opened: [] as string[],
  copied: [] as string[],
  /** As the editor does it: a text is opened as it is, and a `Uri` is written anew, without what its parts escape. */
  async openExternal(address: Uri | string): Promise<boolean> {
    env.opened.push(typeof address === "string" ? address : encodeURI(decodeURIComponent(address.toString())));
    return true;
  },
  clipboard: {
    async writeText(text: string): Promise<void> {
      env.copied.push(text);
    },
  },
};

/** The extension's storage for secrets, as the editor has it. */
export const secrets = {
  kept: new Map<string, string>(),
  async get(key: string): Promise<string | undefined> {
    return secrets.kept.get(key);
  },
  async store(key: string, value: string): Promise<void> {
    secrets.kept.set(key, value);
  },
  async delete(key: string): Promise<void> {
    secrets.kept.delete(key);
  },
};

export enum ConfigurationTarget {
  Global = 1,
}

/** The accounts that the user is signed in with. */
export const authentication = {
  accounts: [] as { readonly id: string; readonly label: string }[],
  async getAccounts(provider: string): Promise<readonly { readonly id: string; readonly label: string }[]> {
    return provider === "github" ? authentication.accounts : [];
  },
};

type Command = (...args: unknown[]) => unknown;

export const commands = {
  registered: new Map<string, Command>(),
  executed: [] as unknown[][],
  registerCommand(name: string, run: Command): Disposable {
    if (commands.registered.has(name)) {
      throw new Error(`command '${name}' already exists`);
    }
    commands.registered.set(name, run);
    return new Disposable(() => commands.registered.delete(name));
  },
  async getCommands(): Promise<string[]> {
    return [...commands.registered.keys()];
  },
  async executeCommand(name: string, ...args: unknown[]): Promise<unknown> {
    commands.executed.push([name, ...args]);
    return commands.registered.get(name)?.(...args);
  },
};

interface ContentProvider {
  provideTextDocumentContent(uri: Uri): unknown;
}

export const workspace = {
  isTrusted: true,
  getConfiguration,
  onDidChangeConfiguration,
  contents: new Map<string, ContentProvider>(),
  registerTextDocumentContentProvider(scheme: string, provider: ContentProvider): Disposable {
    workspace.contents.set(scheme, provider);
    return new Disposable(() => workspace.contents.delete(scheme));
  },
  async openTextDocument(uri: Uri): Promise<{ uri: Uri; text: unknown }> {
    const scheme = uri.toString().split(":", 1)[0] ?? "";
    return { uri, text: workspace.contents.get(scheme)?.provideTextDocumentContent(uri) };
  },
};

export class Uri {
  static parse(value: string): Uri {
    return new Uri(value);
  }

  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri([base.value, ...parts].join("/"));
  }

  private constructor(private readonly value: string) {}

  toString(): string {
    return this.value;
  }
}
