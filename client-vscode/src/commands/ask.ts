import * as vscode from "vscode";

import type { Provider } from "../protocol";
import { keyPage } from "./links";

/** Asks the user for a key in a password box; undefined if the box was closed. */
export function askKey(provider: Provider): Promise<string | undefined> {
  return new Promise((resolve) => {
    const box = vscode.window.createInputBox();
    const page = provider.keyUrl === undefined ? undefined : keyPage(provider.keyUrl);
    box.title = vscode.l10n.t("Connect {0}", provider.displayName);
    box.prompt = vscode.l10n.t("The key goes to the Modelport server, which keeps it in the keyring of this machine.");
    box.placeholder = vscode.l10n.t("Key of {0}", provider.displayName);
    box.password = true;
    box.ignoreFocusOut = true;
    box.buttons = page === undefined ? [] : [page];
    box.onDidTriggerButton(() => page?.run(() => undefined));
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    });
    box.onDidAccept(() => {
      const key = box.value.trim();
      if (key === "") {
        box.validationMessage = vscode.l10n.t("Paste the key, or press Escape to cancel.");
        return;
      }
      resolve(key);
      box.hide();
    });
    box.onDidHide(() => {
      box.dispose();
      resolve(undefined);
    });
    box.show();
  });
}

/** Asks the user for a provider's address; undefined if the box was closed. */
export async function askAddress(provider: Provider, current: string | undefined): Promise<string | undefined> {
  const address = await vscode.window.showInputBox({
    title: vscode.l10n.t("Connect {0}", provider.displayName),
    prompt: current?.includes("{")
      ? vscode.l10n.t("The address of your account: put your own names in place of those in braces.")
      : vscode.l10n.t("The address where {0} answers.", provider.displayName),
    placeHolder: "https://host/path",
    ...(current !== undefined && { value: current, valueSelection: firstPlaceholder(current) }),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.includes("{") ? vscode.l10n.t("Put your own name in place of {0}.", /\{[^}]*\}?/.exec(text)?.[0] ?? "{") : "",
  });
  return address?.trim() || undefined;
}

/** The range to select in the box: the first name in braces, else everything. */
function firstPlaceholder(address: string): [number, number] {
  const found = /\{[^}]*\}/.exec(address);
  return found === null ? [0, address.length] : [found.index, found.index + found[0].length];
}
