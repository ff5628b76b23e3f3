import * as vscode from "vscode";

import type { CredentialStatus, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { isRefusal, showFailure } from "../shared/failure";
import { shownName } from "../shared/naming";
import { originOf } from "../shared/origin";
import { chooseProvider } from "./choose-provider";
import { connectTo, showModelCount } from "./connect";
import { openPage } from "./links";
import { type Action, type Choice, heading, pick } from "./pick";
import { forget } from "./remembered";
import { requestWithProgress } from "./progress";

/** A key that was found, and its provider. */
interface Key {
  readonly provider: Provider;
  readonly credential: CredentialStatus;
}

type KeyAction = "set" | "replace" | "delete" | "explain" | "openPage";

/** Lists the keys that were found and where; sets, replaces and deletes those in the keyring. */
export async function manageKeys(context: Context): Promise<void> {
  for (;;) {
    const picked = await chooseKey(context);
    if (picked === undefined) {
      return;
    }
    const action = picked === "set" ? "set" : await chooseAction(picked);
    try {
      await act(context, action, picked === "set" ? undefined : picked);
    } catch (error) {
      // After a refusal the list is shown again; any other error ends the command.
      if (!isRefusal(error)) {
        throw error;
      }
      await showFailure(context, error);
    }
  }
}

async function act(context: Context, action: KeyAction | undefined, key: Key | undefined): Promise<void> {
  const provider = action === "set" ? await chooseProvider(context) : key?.provider;
  if (provider === undefined) {
    return;
  }
  switch (action) {
    case "set":
    case "replace":
      return setKey(context, provider, key?.credential.name);
    case "delete":
      return deleteKey(context, provider, key?.credential.name);
    case "openPage":
      return openPage(provider.keyUrl ?? "");
    case "explain":
      await vscode.window.showInformationMessage(readOnly(provider, key?.credential ?? provider.credential));
      return;
    case undefined:
      return;
  }
}

async function setKey(context: Context, provider: Provider, name: string | undefined): Promise<void> {
  const connection = await connectTo(context, provider, { ...(name !== undefined && { name }), newKey: true });
  if (connection !== undefined) {
    await showModelCount(context, provider, connection);
  }
}

function chooseKey(context: Context): Promise<Key | "set" | undefined> {
  const reload: Action = {
    iconPath: new vscode.ThemeIcon("refresh"),
    tooltip: vscode.l10n.t("Look again"),
    run: (again) => again(),
  };
  return pick<Key | "set">({
    title: vscode.l10n.t("Manage Keys"),
    placeholder: vscode.l10n.t("Keys that were found, and where. No key is shown."),
    empty: "",
    buttons: [reload],
    load: async (show, token) => {
      const [{ credentials }, { providers }] = await Promise.all([
        context.server.request("credential/list", {}, token),
        context.server.request("provider/list", {}, token),
      ]);
      const keys = credentials.flatMap((credential) => {
        const provider = providers.find((one) => one.id === credential.provider);
        return provider === undefined ? [] : [{ provider, credential }];
      });
      show([
        { label: `$(add) ${vscode.l10n.t("Set a Key…")}`, alwaysShow: true, value: "set" },
        heading(keys.length === 0 ? vscode.l10n.t("No key was found") : vscode.l10n.t("Keys")),
        ...keys.map(choiceOf),
      ]);
    },
  });
}

function choiceOf(key: Key): Choice<Key> {
  const { provider, credential } = key;
  const editable = credential.source === "keyring";
  const bound = credential.baseUrl === undefined ? "" : vscode.l10n.t("only for {0}", credential.baseUrl);
  return {
    label: `$(${editable ? "key" : "lock"}) ${shownName(provider.displayName, credential.name)}`,
    description: originOf(credential),
    detail: [credential.location, bound, editable ? "" : vscode.l10n.t("read only")].filter(Boolean).join(" · "),
    key: `${provider.id} ${credential.location ?? credential.source}`,
    value: key,
  };
}

/** Lets the user pick an action. A key that is not in the keyring can only be explained. */
function chooseAction({ provider, credential }: Key): Promise<KeyAction | undefined> {
  const choices: Choice<KeyAction>[] =
    credential.source === "keyring"
      ? [
          { label: `$(edit) ${vscode.l10n.t("Replace…")}`, value: "replace" },
          { label: `$(trash) ${vscode.l10n.t("Delete…")}`, value: "delete" },
        ]
      : [{ label: `$(info) ${vscode.l10n.t("Why It Cannot Be Changed Here")}`, value: "explain" }];
  if (provider.keyUrl !== undefined) {
    choices.push({ label: `$(link-external) ${vscode.l10n.t("Open Key Page")}`, value: "openPage" });
  }
  return pick<KeyAction>({
    title: shownName(provider.displayName, credential.name),
    placeholder: originOf(credential),
    empty: "",
    load: async (show) => show(choices),
  });
}

async function deleteKey(context: Context, provider: Provider, connection: string | undefined): Promise<void> {
  const name = shownName(provider.displayName, connection);
  const remove = vscode.l10n.t("Delete");
  const detail = vscode.l10n.t("It is deleted from the keyring of this machine, for all editors.");
  const pressed = await vscode.window.showWarningMessage(
    vscode.l10n.t("Delete the key of {0}?", name),
    { modal: true, detail },
    remove,
  );
  if (pressed !== remove) {
    return;
  }
  const left = await requestWithProgress(context, vscode.l10n.t("Deleting the key of {0}…", name), "credential/delete", {
    provider: provider.id,
    ...(connection !== undefined && { name: connection }),
  });
  // A connection was made for its own key: without it, it would use that of the other account.
  if (left.source === "none" || connection !== undefined) {
    await context.server.request("provider/disconnect", { provider: connection ?? provider.id });
    await forget(context, connection ?? provider.id);
    void vscode.window.showInformationMessage(vscode.l10n.t("The key of {0} is deleted.", name));
  } else {
    void vscode.window.showInformationMessage(
      vscode.l10n.t("The key of {0} is deleted from the keyring. What is used now: {1}.", name, originOf(left)),
    );
  }
  context.modelsChanged("user");
}

function readOnly({ displayName }: Provider, credential: CredentialStatus): string {
  switch (credential.source) {
    case "environment":
      return vscode.l10n.t(
        "The key of {0} comes from the environment variable {1}. Change it where it is set, and restart the editor.",
        displayName,
        credential.location ?? "",
      );
    case "session":
      return vscode.l10n.t(
        "The key of {0} is in the server's memory only. Disconnect the provider to forget it.",
        displayName,
      );
    default:
      return vscode.l10n.t("The key of {0} is kept elsewhere: {1}. Change it there.", displayName, originOf(credential));
  }
}
