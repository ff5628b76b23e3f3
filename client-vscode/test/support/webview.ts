import type { Uri } from "./editor";
import { EventEmitter } from "./vscode";

/** Webview panels of the editor, for tests that play the page. */

export enum ViewColumn {
  Active = -1,
  Beside = -2,
  One = 1,
}

export interface PanelOptions {
  readonly enableScripts?: boolean;
  readonly retainContextWhenHidden?: boolean;
  readonly localResourceRoots?: readonly Uri[];
}

export interface PanelSerializer {
  deserializeWebviewPanel(panel: FakePanel, state: unknown): Promise<void>;
}

export class FakePanel {
  visible = true;
  revealed = 0;
  /** What the extension has told the page. */
  readonly told: unknown[] = [];
  disposed = false;
  /** Receives what the extension sends to the page. */
  listener: (message: unknown) => void = () => undefined;

  private readonly received = new EventEmitter<unknown>();
  private readonly gone = new EventEmitter<void>();
  readonly onDidDispose = this.gone.event;
  private readonly page = {
    options: {} as PanelOptions,
    html: "",
    cspSource: "https://webview.test",
    asWebviewUri: (uri: Uri) => uri,
    onDidReceiveMessage: this.received.event,
    postMessage: async (message: unknown): Promise<boolean> => {
      this.told.push(message);
      this.listener(message);
      return true;
    },
  };

  constructor(
    readonly viewType: string,
    readonly title: string,
    readonly options: PanelOptions,
  ) {}

  /** As in the editor, a page that is gone cannot be touched. */
  get webview(): FakePanel["page"] {
    if (this.disposed) {
      throw new Error("Webview is disposed");
    }
    return this.page;
  }

  reveal(): void {
    this.revealed += 1;
    this.visible = true;
  }

  dispose(): void {
    if (!this.disposed) {
      this.disposed = true;
      this.gone.fire();
    }
  }

  /** The page says something. */
  say(message: unknown): void {
    this.received.fire(message);
  }

  /** The kinds of the messages that the page has received. */
  get kinds(): unknown[] {
    return this.told.map((message) => (message as { kind: unknown }).kind);
  }
}
