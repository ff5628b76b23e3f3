import * as vscode from "vscode";

import { openPage, type Pages } from "../pages";
import type { CredentialUpdateParams } from "../protocol";
import { failureOf } from "../shared/failure";

/** What the view of a log-in needs of the log-in. */
export interface LogInActions {
  /** Where the page of the server's request is left to the view. */
  readonly pages: Pages;
  /** Shows what the user is to know before; whether the user wants to go on. */
  agree(notice: string): Promise<boolean>;
  /** Gives the server what the page of the log-in shows; fails where that does not belong to it. */
  paste(text: string): Promise<void>;
  cancel(): void;
}

type Action = "copyAndOpen" | "copyCode" | "open" | "copyAddress" | "paste" | "cancel";

interface Item extends vscode.QuickPickItem {
  readonly action: Action;
}

/**
 * What the user has to do for a log-in, with the actions for it. The list can be closed, and shown again with `show()`;
 * the log-in goes on. No page is opened before it is shown, and with a code only once the user wants that: the browser
 * covers the code.
 */
export class LogInView implements vscode.Disposable {
  private told: CredentialUpdateParams | undefined;
  /** The page to open, which may have the code in it already. */
  private address = "";
  private readonly opened = deferred<boolean>();
  private readonly agreed = deferred<boolean>();
  private expecting: vscode.Disposable | undefined;
  private input: vscode.QuickInput | undefined;
  private disposed = false;

  constructor(
    private readonly title: string,
    private readonly actions: LogInActions,
  ) {}

  /** Shows what the server says that there is to do, after its notice. */
  async tell(update: CredentialUpdateParams): Promise<void> {
    this.address = update.verificationUri;
    this.expecting?.dispose();
    this.expecting = this.actions.pages.expect((address) => this.openLater(address));
    if (update.notice !== undefined && !(await this.actions.agree(update.notice))) {
      this.actions.cancel();
      return;
    }
    this.told = update;
    this.show();
    this.agreed.resolve(!this.disposed);
  }

  /** Shows the list, also where it was closed; nothing before the server has said what there is to do. */
  show(): void {
    if (this.told === undefined || this.disposed) {
      return;
    }
    this.input?.dispose();
    const list = vscode.window.createQuickPick<Item>();
    this.input = list;
    list.title = this.title;
    list.placeholder = placeholderFor(this.told);
    // The user goes to the browser and comes back.
    list.ignoreFocusOut = true;
    list.items = itemsFor(this.told);
    list.onDidAccept(() => {
      const [item] = list.selectedItems;
      if (item !== undefined) {
        // The list stays, and is to show the other actions again.
        list.value = "";
        void this.act(item.action);
      }
    });
    list.onDidHide(() => list.dispose());
    list.show();
  }

  dispose(): void {
    this.disposed = true;
    this.expecting?.dispose();
    this.input?.dispose();
    this.agreed.resolve(false);
    this.opened.resolve(false);
  }

  /** Opens the page of the server's request: at once where there is no code, else when the user wants it. */
  private async openLater(address: string): Promise<boolean> {
    this.address = address;
    if ((await this.agreed.promise) && this.told?.userCode === undefined) {
      await this.open();
    }
    return this.opened.promise;
  }

  private async open(): Promise<void> {
    this.opened.resolve(await openPage(this.address));
  }

  private async act(action: Action): Promise<void> {
    const code = this.told?.userCode ?? "";
    switch (action) {
      case "copyAndOpen":
        await copy(code);
        return this.open();
      case "copyCode":
        return copy(code);
      case "open":
        return this.open();
      case "copyAddress":
        return copy(this.address);
      case "paste":
        this.askText();
        return;
      case "cancel":
        this.actions.cancel();
        return;
    }
  }

  /** Asks for what the page shows, until the server takes it; the list comes back when the box is closed. */
  private askText(): void {
    const box = vscode.window.createInputBox();
    let taken = false;
    this.input?.dispose();
    this.input = box;
    box.title = this.title;
    box.prompt = vscode.l10n.t("The address that the browser was sent to at the end, or the code that the page shows.");
    box.placeholder = "http://127.0.0.1/…?code=…";
    box.ignoreFocusOut = true;
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    });
    box.onDidAccept(async () => {
      const text = box.value.trim();
      if (text === "") {
        box.validationMessage = vscode.l10n.t("Paste the address or the code, or press Escape to go back.");
        return;
      }
      try {
        await this.actions.paste(text);
        taken = true;
        box.hide();
      } catch (error) {
        box.validationMessage = failureOf(error).message;
      }
    });
    box.onDidHide(() => {
      box.dispose();
      if (!taken) {
        this.show();
      }
    });
    box.show();
  }
}

/** What the user has to do, in a sentence. */
export function instructionOf({ userCode, verificationUri }: CredentialUpdateParams): string {
  return userCode === undefined
    ? vscode.l10n.t("Log in on the page in the browser, at {0}.", withoutQuery(verificationUri))
    : vscode.l10n.t("Enter the code {0} at {1}.", userCode, withoutQuery(verificationUri));
}

function placeholderFor({ userCode, expiresAt }: CredentialUpdateParams): string {
  const end = new Date(expiresAt);
  const time = Number.isNaN(end.valueOf()) ? "" : end.toLocaleTimeString(vscode.env.language, { timeStyle: "short" });
  return userCode === undefined
    ? vscode.l10n.t("Log in on the page in the browser, until {0}. This list closes by itself.", time)
    : vscode.l10n.t("Enter the code {0} on the page, until {1}. This list closes by itself.", userCode, time);
}

function itemsFor({ userCode, verificationUri }: CredentialUpdateParams): Item[] {
  const page = withoutQuery(verificationUri);
  const open: Item = { label: `$(link-external) ${vscode.l10n.t("Open Page")}`, description: page, action: "open" };
  const cancel: Item = { label: `$(close) ${vscode.l10n.t("Cancel")}`, action: "cancel" };
  if (userCode !== undefined) {
    return [
      { label: `$(copy) ${vscode.l10n.t("Copy Code and Open Page")}`, description: userCode, action: "copyAndOpen" },
      { label: `$(copy) ${vscode.l10n.t("Copy Code")}`, description: userCode, action: "copyCode" },
      open,
      cancel,
    ];
  }
  return [
    open,
    { label: `$(copy) ${vscode.l10n.t("Copy Address of the Page")}`, action: "copyAddress" },
    {
      label: `$(clippy) ${vscode.l10n.t("Paste the Address…")}`,
      detail: vscode.l10n.t("Where the browser ends at a page that it cannot open, as on another machine."),
      action: "paste",
    },
    cancel,
  ];
}

/** The address as people read it. */
function withoutQuery(address: string): string {
  return address.split(/[?#]/, 1)[0] ?? address;
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t("Copied."), 3_000);
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve(value) };
}
