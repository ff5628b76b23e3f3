import * as vscode from "vscode";

/** A button of a list or of an item, and what it does. */
export interface Action extends vscode.QuickInputButton {
  readonly tooltip: string;
  /** `again` loads the list once more. */
  run(again: () => void): unknown;
}

/** An item that stands for something; one without a value is a heading or a remark. */
export interface Choice<T> extends vscode.QuickPickItem {
  readonly value?: T;
  /** Identifies the item across updates of the list, also where its words change; its label when absent. */
  readonly key?: string;
  readonly buttons?: readonly Action[];
}

/** A list that is open while it is filled. */
export interface List<T> {
  readonly title: string;
  readonly placeholder: string;
  /** Said in place of the placeholder when there is nothing to choose from. */
  readonly empty: string;
  readonly buttons?: readonly Action[];
  /** Fills the list, as often as it likes; `token` is cancelled when the list is closed. */
  load(show: (choices: readonly Choice<T>[]) => void, token: vscode.CancellationToken): Promise<void>;
}

/**
 * The value of the item that was picked, undefined when the list was closed.
 *
 * @throws whatever `load` throws while the list is open
 */
export function pick<T>(list: List<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => new OpenList(list, resolve, reject).load());
}

/** A heading within a list. */
export function heading(label: string): Choice<never> {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

/** The choices with a heading in front of each group, groups in the order of their first member. */
export function grouped<T, V>(
  members: readonly V[],
  group: (member: V) => string,
  choice: (member: V) => Choice<T>,
): Choice<T>[] {
  const groups = new Map<string, Choice<T>[]>();
  for (const member of members) {
    const name = group(member);
    groups.set(name, [...(groups.get(name) ?? []), choice(member)]);
  }
  return [...groups].flatMap(([name, choices]) => [heading(name), ...choices]);
}

/**
 * What a search has found so far, for a list that is open meanwhile. Each keeps its place, also when it is found again:
 * the editor reports a picked item by its place, which must mean the same item before and after an update.
 */
export class Found<V> {
  private readonly byKey = new Map<string, V>();

  constructor(private readonly key: (value: V) => string) {}

  /** Adds what was found, or puts it in the place of what has the same key; everything so far. */
  add(...values: readonly V[]): V[] {
    for (const value of values) {
      this.byKey.set(this.key(value), value);
    }
    return [...this.byKey.values()];
  }

  /** The result of the whole search: what is not in it any more is removed. */
  complete(values: readonly V[]): V[] {
    const left = new Set(values.map(this.key));
    for (const key of [...this.byKey.keys()].filter((one) => !left.has(one))) {
      this.byKey.delete(key);
    }
    return this.add(...values);
  }
}

class OpenList<T> {
  private readonly view = vscode.window.createQuickPick<Choice<T>>();
  private cancel = new vscode.CancellationTokenSource();
  private open = true;

  constructor(
    private readonly list: List<T>,
    private readonly resolve: (value: T | undefined) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    const { view } = this;
    view.title = list.title;
    view.matchOnDescription = true;
    view.matchOnDetail = true;
    view.keepScrollPosition = true;
    view.buttons = list.buttons ?? [];
    view.onDidAccept(() => this.accept());
    view.onDidHide(() => this.close());
    view.onDidTriggerButton((button) => this.press(list.buttons, button));
    view.onDidTriggerItemButton(({ item, button }) => this.press(item.buttons, button));
    view.show();
  }

  load(): void {
    this.cancel.cancel();
    this.cancel = new vscode.CancellationTokenSource();
    const { token } = this.cancel;
    this.view.busy = true;
    this.view.placeholder = this.list.placeholder;
    const show = (choices: readonly Choice<T>[]) => {
      if (!token.isCancellationRequested) {
        this.show(choices);
      }
    };
    this.list.load(show, token).then(
      () => {
        if (!token.isCancellationRequested) {
          this.view.busy = false;
          this.view.placeholder = this.view.items.length === 0 ? this.list.empty : this.list.placeholder;
        }
      },
      (error: unknown) => {
        if (!token.isCancellationRequested) {
          this.reject(error);
          this.view.hide();
        }
      },
    );
  }

  /**
   * Keeps the focus on what the focused item stands for, since the user may be about to press Enter. Where that has left
   * the list, nothing is focused: the editor would focus the first item, which the user has not chosen.
   */
  private show(choices: readonly Choice<T>[]): void {
    const [active] = this.view.activeItems;
    this.view.items = choices;
    if (active !== undefined) {
      this.view.activeItems = choices.filter((choice) => choice.kind === active.kind && keyOf(choice) === keyOf(active)).slice(0, 1);
    }
  }

  private accept(): void {
    const [item] = this.view.selectedItems;
    if (item?.value !== undefined) {
      this.resolve(item.value);
      this.view.hide();
    }
  }

  private press(actions: readonly Action[] | undefined, button: vscode.QuickInputButton): void {
    const action = actions?.find((one) => one === button);
    if (action !== undefined) {
      // It may open a window that takes the focus; the list is still wanted then.
      this.view.ignoreFocusOut = true;
      void action.run(() => this.open && this.load());
    }
  }

  private close(): void {
    this.open = false;
    this.cancel.cancel();
    this.cancel.dispose();
    this.view.dispose();
    this.resolve(undefined);
  }
}

function keyOf<T>({ key, label }: Choice<T>): string {
  return key ?? label;
}
