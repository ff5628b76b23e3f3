import * as vscode from "vscode";

import { openPage } from "../pages";
import type { CredentialStatus, CredentialStoreStatus, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { isRefusal, showFailure } from "../shared/failure";
import { stateWords } from "../shared/key-state";
import { shownName } from "../shared/naming";
import { originOf } from "../shared/origin";
import { chooseProvider } from "./choose-provider";
import { connectTo, type ConnectOptions, logIn, showModelCount } from "./connect";
import { type Action, type Choice, heading, pick } from "./pick";
import { deleteKey, findKeys, type Key, logOutOf } from "./remove-key";
import { testKeys } from "./test-keys";

/** What the list offers beside the keys. */
type General = "set" | "logIn" | "testAll";

type KeyAction = "replace" | "delete" | "logIn" | "logOut" | "test" | "explain" | "openPage";

/** Lists the keys and log-ins that were found and where; sets, replaces, tests and deletes them. */
export async function manageKeys(context: Context): Promise<void> {
  for (;;) {
    const picked = await chooseKey(context);
    if (picked === undefined) {
      return;
    }
    try {
      await (typeof picked === "string" ? begin(context, picked) : act(context, await chooseAction(picked), picked));
    } catch (error) {
      // After a refusal the list is shown again; any other error ends the command.
      if (!isRefusal(error)) {
        throw error;
      }
      await showFailure(context, error);
    }
  }
}

async function begin(context: Context, general: General): Promise<void> {
  switch (general) {
    case "set": {
      const provider = await chooseProvider(context);
      return provider && setKey(context, provider, { newKey: true });
    }
    case "logIn":
      return logIn(context);
    case "testAll":
      return testKeys(context);
  }
}

async function act(context: Context, action: KeyAction | undefined, key: Key): Promise<void> {
  const { provider, credential } = key;
  const named = { ...(credential.name !== undefined && { name: credential.name }) };
  switch (action) {
    case "replace":
      return setKey(context, provider, { ...named, newKey: true });
    case "logIn":
      return setKey(context, provider, { ...named, logIn: true });
    case "delete":
      return deleteKey(context, key);
    case "logOut":
      return logOutOf(context, key);
    case "test":
      return testKeys(context, key);
    case "openPage":
      await openPage(provider.keyUrl ?? "");
      return;
    case "explain":
      await vscode.window.showInformationMessage(readOnly(provider, credential));
      return;
    case undefined:
      return;
  }
}

async function setKey(context: Context, provider: Provider, options: ConnectOptions): Promise<void> {
  const connection = await connectTo(context, provider, options);
  if (connection !== undefined) {
    await showModelCount(context, provider, connection);
  }
}

function chooseKey(context: Context): Promise<Key | General | undefined> {
  const reload: Action = {
    iconPath: new vscode.ThemeIcon("refresh"),
    tooltip: vscode.l10n.t("Look again"),
    run: (again) => again(),
  };
  return pick<Key | General>({
    title: vscode.l10n.t("Manage Keys"),
    placeholder: vscode.l10n.t("Keys that were found, and where. No key is shown."),
    empty: "",
    buttons: [reload],
    load: async (show, token) => {
      const { keys, stores } = await findKeys(context, token);
      show([
        { label: `$(add) ${vscode.l10n.t("Set a Key…")}`, alwaysShow: true, value: "set" },
        { label: `$(account) ${vscode.l10n.t("Log In…")}`, value: "logIn" },
        ...(keys.length === 0
          ? []
          : [{ label: `$(beaker) ${vscode.l10n.t("Test All Keys")}`, value: "testAll" as const }]),
        heading(keys.length === 0 ? vscode.l10n.t("No key was found") : vscode.l10n.t("Keys")),
        ...keys.map(choiceOf),
        ...placesOf(stores),
      ]);
    },
  });
}

function choiceOf(key: Key): Choice<Key> {
  const { provider, credential } = key;
  const loggedIn = credential.loggedIn === true;
  const editable = loggedIn || isStored(credential);
  const bound = credential.baseUrl === undefined ? "" : vscode.l10n.t("only for {0}", credential.baseUrl);
  return {
    label: `$(${credential.health ? "warning" : loggedIn ? "account" : editable ? "key" : "lock"}) ${shownName(provider.displayName, credential.name)}`,
    description: originOf(credential),
    detail: [credential.location, bound, editable ? "" : vscode.l10n.t("read only"), ...stateWords(credential)]
      .filter(Boolean)
      .join(" · "),
    key: `${provider.id} ${credential.location ?? credential.source}`,
    value: key,
  };
}

/** The places where keys are stored, as remarks: whether each can be used, why, and what to do about it. */
function placesOf(stores: readonly CredentialStoreStatus[]): Choice<never>[] {
  const words: Readonly<Record<string, string>> = {
    available: vscode.l10n.t("can be used"),
    locked: vscode.l10n.t("locked"),
    unavailable: vscode.l10n.t("cannot be used"),
    disabled: vscode.l10n.t("not in use"),
  };
  // Each has its memory, and a file that is not in use needs no one to know of it.
  const places = stores.filter(({ id, state }) => id !== "session" && (id !== "file" || state !== "disabled"));
  return places.length === 0
    ? []
    : [
        heading(vscode.l10n.t("Where keys are stored")),
        ...places.map(({ id, state, name, detail, action }) => ({
          label: `$(${state === "available" ? "database" : "warning"}) ${
            id === "client" ? vscode.l10n.t("Storage of {0} for secrets", name) : name
          }`,
          description: words[state] ?? state,
          ...(state !== "available" && { detail: action === undefined ? detail : `${detail} → ${action}` }),
          key: `store ${id}`,
        })),
      ];
}

/** Whether Modelport has stored it, and can change it. */
function isStored({ source }: CredentialStatus): boolean {
  return source === "keyring" || source === "client";
}

/** Lets the user pick an action. A key that is stored by something else can only be tested and explained. */
function chooseAction(key: Key): Promise<KeyAction | undefined> {
  const { provider, credential } = key;
  return pick<KeyAction>({
    title: shownName(provider.displayName, credential.name),
    placeholder: originOf(credential),
    empty: "",
    load: async (show) => show(actionsFor(key)),
  });
}

function actionsFor({ provider, credential }: Key): Choice<KeyAction>[] {
  const test: Choice<KeyAction> = { label: `$(beaker) ${vscode.l10n.t("Test")}`, value: "test" };
  const page: Choice<KeyAction>[] =
    provider.keyUrl === undefined
      ? []
      : [{ label: `$(link-external) ${vscode.l10n.t("Open Key Page")}`, value: "openPage" }];
  if (credential.loggedIn === true) {
    return [
      { label: `$(account) ${vscode.l10n.t("Log In Again…")}`, value: "logIn" },
      { label: `$(sign-out) ${vscode.l10n.t("Log Out…")}`, value: "logOut" },
      test,
      ...page,
    ];
  }
  if (isStored(credential)) {
    return [
      { label: `$(edit) ${vscode.l10n.t("Replace…")}`, value: "replace" },
      { label: `$(trash) ${vscode.l10n.t("Delete…")}`, value: "delete" },
      test,
      ...page,
    ];
  }
  return [{ label: `$(info) ${vscode.l10n.t("Why It Cannot Be Changed Here")}`, value: "explain" }, test, ...page];
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
