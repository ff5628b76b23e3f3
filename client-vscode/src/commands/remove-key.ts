import * as vscode from "vscode";

import type { CredentialStatus, CredentialStoreStatus, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { shownName } from "../shared/naming";
import { originOf } from "../shared/origin";
import { pick } from "./pick";
import { forget } from "./remembered";
import { requestWithProgress } from "./progress";

/** A key or a log-in that was found, and its provider. */
export interface Key {
  readonly provider: Provider;
  readonly credential: CredentialStatus;
}

/** The keys and log-ins that were found, and the state of each place where keys are stored. */
export async function findKeys(
  context: Context,
  token: vscode.CancellationToken,
): Promise<{ readonly keys: readonly Key[]; readonly stores: readonly CredentialStoreStatus[] }> {
  const [{ credentials, stores = [] }, { providers }] = await Promise.all([
    context.server.request("credential/list", {}, token),
    context.server.request("provider/list", {}, token),
  ]);
  const keys = credentials.flatMap((credential) => {
    const provider = providers.find((one) => one.id === credential.provider);
    return provider === undefined ? [] : [{ provider, credential }];
  });
  return { keys, stores };
}

/** Lets the user pick a log-in, and logs out. */
export async function logOut(context: Context): Promise<void> {
  const picked = await pick<Key>({
    title: vscode.l10n.t("Log Out"),
    placeholder: vscode.l10n.t("Choose a log-in to end"),
    empty: vscode.l10n.t("You are logged in nowhere"),
    load: async (show, token) => {
      const { keys } = await findKeys(context, token);
      show(
        keys
          .filter(({ credential }) => credential.loggedIn === true)
          .map((key) => ({
            label: `$(account) ${shownName(key.provider.displayName, key.credential.name)}`,
            description: originOf(key.credential),
            key: `${key.provider.id} ${key.credential.name ?? ""}`,
            value: key,
          })),
      );
    },
  });
  if (picked !== undefined) {
    await logOutOf(context, picked);
  }
}

/** Logs out of a provider, after a question. */
export async function logOutOf(context: Context, { provider, credential }: Key): Promise<void> {
  const name = shownName(provider.displayName, credential.name);
  const agreed = await agrees(
    vscode.l10n.t("Log out of {0}?", name),
    vscode.l10n.t("What the log-in has stored on this machine is deleted, for all editors."),
    vscode.l10n.t("Log Out"),
  );
  if (!agreed) {
    return;
  }
  const left = await requestWithProgress(context, vscode.l10n.t("Logging out of {0}…", name), "credential/logout", {
    provider: provider.id,
    ...(credential.name !== undefined && { name: credential.name }),
  });
  const gone = await withdraw(context, provider, credential.name, left);
  void vscode.window.showInformationMessage(
    gone
      ? vscode.l10n.t("You are logged out of {0}.", name)
      : vscode.l10n.t("You are logged out of {0}. What is used now: {1}.", name, originOf(left)),
  );
}

/** Deletes a key from the keyring, after a question. */
export async function deleteKey(context: Context, { provider, credential }: Key): Promise<void> {
  const name = shownName(provider.displayName, credential.name);
  const agreed = await agrees(
    vscode.l10n.t("Delete the key of {0}?", name),
    credential.source === "client"
      ? vscode.l10n.t("It is deleted from the editor's storage for secrets.")
      : vscode.l10n.t("It is deleted from the keyring of this machine, for all editors."),
    vscode.l10n.t("Delete"),
  );
  if (!agreed) {
    return;
  }
  const left = await requestWithProgress(context, vscode.l10n.t("Deleting the key of {0}…", name), "credential/delete", {
    provider: provider.id,
    ...(credential.name !== undefined && { name: credential.name }),
  });
  const gone = await withdraw(context, provider, credential.name, left);
  void vscode.window.showInformationMessage(
    gone
      ? vscode.l10n.t("The key of {0} is deleted.", name)
      : vscode.l10n.t("The key of {0} is deleted from the keyring. What is used now: {1}.", name, originOf(left)),
  );
}

async function agrees(question: string, detail: string, button: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, button)) === button;
}

/** Closes the connection of a key that is gone, unless another key is used now; whether it was closed. */
async function withdraw(
  context: Context,
  provider: Provider,
  connection: string | undefined,
  left: CredentialStatus,
): Promise<boolean> {
  // A connection was made for its own key: without it, it would use that of the other account.
  const gone = left.source === "none" || connection !== undefined;
  if (gone) {
    await context.server.request("provider/disconnect", { provider: connection ?? provider.id });
    await forget(context, connection ?? provider.id);
  }
  context.modelsChanged("user");
  return gone;
}
