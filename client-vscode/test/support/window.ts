import { CancellationTokenSource, Disposable, EventEmitter } from "./vscode";
import { FakePanel, type PanelOptions, type PanelSerializer, type ViewColumn } from "./webview";

/** The parts of the editor's window that a user meets, for tests that play the user. */

export enum QuickPickItemKind {
  Separator = -1,
  Default = 0,
}

export enum ProgressLocation {
  SourceControl = 1,
  Window = 10,
  Notification = 15,
}

export enum StatusBarAlignment {
  Left = 1,
  Right = 2,
}

export enum TreeItemCollapsibleState {
  None = 0,
  Collapsed = 1,
  Expanded = 2,
}

export class ThemeColor {
  constructor(readonly id: string) {}
}

export class ThemeIcon {
  constructor(
    readonly id: string,
    readonly color?: ThemeColor,
  ) {}
}

export class TreeItem {
  constructor(
    readonly label: string,
    readonly collapsibleState: TreeItemCollapsibleState,
  ) {}
}

export class MarkdownString {
  isTrusted: unknown;

  constructor(
    public value = "",
    readonly supportThemeIcons = false,
  ) {}

  /** As the editor does it: what markdown would read is escaped, and lines stay lines. */
  appendText(text: string): this {
    this.value += text.replace(/[\\`*_{}[\]()#+\-!~]/g, "\\$&").replace(/\n/g, "\n\n");
    return this;
  }

  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
}

interface Button {
  readonly tooltip?: string;
}

interface Item {
  readonly label: string;
  readonly kind?: QuickPickItemKind;
  readonly description?: string;
  readonly detail?: string;
  readonly buttons?: readonly Button[];
}

/** What a list and an input box have in common. */
abstract class QuickInput {
  title: string | undefined;
  value = "";
  placeholder: string | undefined;
  busy = false;
  ignoreFocusOut = false;
  buttons: readonly Button[] = [];
  shown = false;
  disposed = false;

  protected readonly accepted = new EventEmitter<void>();
  protected readonly hidden = new EventEmitter<{ reason: number }>();
  private readonly pressed = new EventEmitter<Button>();

  readonly onDidAccept = this.accepted.event;
  readonly onDidHide = this.hidden.event;
  readonly onDidTriggerButton = this.pressed.event;

  constructor(private readonly window: FakeWindow) {}

  show(): void {
    this.shown = true;
    this.window.inputs.push(this as never);
  }

  hide(): void {
    if (this.shown) {
      this.shown = false;
      this.hidden.fire({ reason: 1 });
    }
  }

  dispose(): void {
    this.hide();
    this.disposed = true;
  }

  /** The user presses Escape. */
  escape(): void {
    this.hide();
  }

  /** The user presses a button of the title. */
  press(tooltip: string): void {
    this.pressed.fire(buttonIn(this.buttons, tooltip));
  }
}

export class QuickPick extends QuickInput {
  matchOnDescription = false;
  matchOnDetail = false;
  keepScrollPosition = false;
  private shownItems: readonly Item[] = [];
  activeItems: readonly Item[] = [];
  selectedItems: readonly Item[] = [];

  private readonly itemPressed = new EventEmitter<{ item: Item; button: Button }>();
  readonly onDidTriggerItemButton = this.itemPressed.event;

  get items(): readonly Item[] {
    return this.shownItems;
  }

  /** As the editor does it: the first item gets the focus, unless the extension gives it to another one. */
  set items(items: readonly Item[]) {
    this.shownItems = items;
    this.activeItems = items.filter((item) => item.kind !== QuickPickItemKind.Separator).slice(0, 1);
  }

  /** The rows that have the focus. */
  get focused(): string[] {
    return this.activeItems.map((item) => [bare(item.label), item.description].filter(Boolean).join(" | "));
  }

  /** The user moves the focus down by one. */
  down(): void {
    const [active] = this.activeItems;
    this.activeItems = this.items.slice(active === undefined ? 0 : this.items.indexOf(active) + 1).slice(0, 1);
  }

  /** The user presses Enter. */
  enter(): void {
    this.selectedItems = this.activeItems;
    this.accepted.fire();
  }

  /** The items with what is drawn as icons taken out, separators as `-- label`. */
  get rows(): string[] {
    return this.items.map((item) =>
      item.kind === QuickPickItemKind.Separator
        ? `-- ${item.label}`
        : [bare(item.label), item.description, item.detail].filter(Boolean).join(" | "),
    );
  }

  find(label: string): Item {
    const found = this.items.find((item) => item.kind !== QuickPickItemKind.Separator && bare(item.label) === label);
    if (found === undefined) {
      throw new Error(`No item ${label} among: ${this.rows.join("; ")}`);
    }
    return found;
  }

  /** The user picks an item. */
  choose(label: string): void {
    this.selectedItems = [this.find(label)];
    this.accepted.fire();
  }

  /** The user presses a button of an item. */
  pressOn(label: string, tooltip: string): void {
    const item = this.find(label);
    this.itemPressed.fire({ item, button: buttonIn(item.buttons ?? [], tooltip) });
  }
}

export class InputBox extends QuickInput {
  prompt: string | undefined;
  password = false;
  validationMessage: string | undefined;

  private readonly valueChanged = new EventEmitter<string>();
  readonly onDidChangeValue = this.valueChanged.event;

  /** The user types a text and presses Enter. */
  enter(text: string): void {
    this.value = text;
    this.valueChanged.fire(text);
    this.accepted.fire();
  }
}

/** An open `showInputBox`. */
export interface Question {
  readonly options: {
    readonly prompt?: string;
    readonly value?: string;
    readonly password?: boolean;
    readonly validateInput?: (text: string) => unknown;
  };
  answer(text: string | undefined): void;
}

/** A message with buttons that waits for the user. */
export interface Message {
  readonly level: "information" | "warning" | "error";
  readonly text: string;
  readonly detail?: string;
  readonly modal: boolean;
  readonly buttons: readonly string[];
  /** Presses a button, or closes the message. */
  press(button?: string): void;
}

/** Work that is shown while it goes on. */
export interface Work {
  readonly title: string;
  readonly location: ProgressLocation;
  readonly cancellable: boolean;
  /** What it has said beside its title, oldest first. */
  readonly messages: readonly string[];
  done: boolean;
  cancel(): void;
}

export class StatusBarItem {
  name = "";
  text = "";
  tooltip: MarkdownString | undefined;
  command = "";
  backgroundColor: ThemeColor | undefined;
  accessibilityInformation: { label: string } | undefined;
  visible = false;

  show(): void {
    this.visible = true;
  }

  dispose(): void {
    this.visible = false;
  }
}

class FakeWindow {
  panels: FakePanel[] = [];
  serializers = new Map<string, PanelSerializer>();
  inputs: (QuickPick | InputBox)[] = [];
  questions: Question[] = [];
  messages: Message[] = [];
  works: Work[] = [];
  statusBarMessages: string[] = [];
  statusBarItems: StatusBarItem[] = [];
  trees = new Map<string, unknown>();
  shownDocuments: unknown[] = [];

  createQuickPick(): QuickPick {
    return new QuickPick(this);
  }

  createInputBox(): InputBox {
    return new InputBox(this);
  }

  showInputBox(options: Question["options"]): Promise<string | undefined> {
    return new Promise((answer) => this.questions.push({ options, answer }));
  }

  showInformationMessage(text: string, ...rest: unknown[]): Promise<string | undefined> {
    return this.message("information", text, rest);
  }

  showWarningMessage(text: string, ...rest: unknown[]): Promise<string | undefined> {
    return this.message("warning", text, rest);
  }

  showErrorMessage(text: string, ...rest: unknown[]): Promise<string | undefined> {
    return this.message("error", text, rest);
  }

  setStatusBarMessage(text: string): Disposable {
    this.statusBarMessages.push(text);
    return new Disposable(() => undefined);
  }

  async withProgress<T>(
    options: { title?: string; location: ProgressLocation; cancellable?: boolean },
    task: (progress: unknown, token: unknown) => Promise<T>,
  ): Promise<T> {
    const source = new CancellationTokenSource();
    const messages: string[] = [];
    const work: Work = {
      title: options.title ?? "",
      location: options.location,
      cancellable: options.cancellable === true,
      messages,
      done: false,
      cancel: () => source.cancel(),
    };
    this.works.push(work);
    try {
      return await task({ report: (said: { message?: string }) => messages.push(said.message ?? "") }, source.token);
    } finally {
      work.done = true;
    }
  }

  createWebviewPanel(viewType: string, title: string, _column: ViewColumn, options: PanelOptions): FakePanel {
    const panel = new FakePanel(viewType, title, options);
    this.panels.push(panel);
    return panel;
  }

  registerWebviewPanelSerializer(viewType: string, serializer: PanelSerializer): Disposable {
    this.serializers.set(viewType, serializer);
    return new Disposable(() => this.serializers.delete(viewType));
  }

  createStatusBarItem(): StatusBarItem {
    const item = new StatusBarItem();
    this.statusBarItems.push(item);
    return item;
  }

  createTreeView(id: string, options: { treeDataProvider: unknown }): Disposable {
    this.trees.set(id, options.treeDataProvider);
    return new Disposable(() => this.trees.delete(id));
  }

  async showTextDocument(document: unknown): Promise<void> {
    this.shownDocuments.push(document);
  }

  private message(level: Message["level"], text: string, rest: unknown[]): Promise<string | undefined> {
    const [first] = rest;
    const options = typeof first === "object" && first !== null ? (first as { modal?: boolean; detail?: string }) : {};
    const buttons = rest.filter((one) => typeof one === "string");
    return new Promise((press) => {
      this.messages.push({
        level,
        text,
        ...(options.detail !== undefined && { detail: options.detail }),
        modal: options.modal === true,
        buttons,
        press: (button) => {
          if (button !== undefined && !buttons.includes(button)) {
            throw new Error(`No button ${button} among: ${buttons.join(", ")}`);
          }
          press(button);
        },
      });
    });
  }
}

export const window = new FakeWindow();

function bare(label: string): string {
  return label.replace(/\$\([^)]*\) ?/g, "");
}

function buttonIn(buttons: readonly Button[], tooltip: string): Button {
  const found = buttons.find((button) => button.tooltip === tooltip);
  if (found === undefined) {
    throw new Error(`No button ${tooltip} among: ${buttons.map((button) => button.tooltip).join(", ")}`);
  }
  return found;
}
