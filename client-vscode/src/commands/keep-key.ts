import * as vscode from "vscode";

import type { Connection, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { failureOf, isRefusal } from "../shared/failure";
import { forget, nameOf } from "./remembered";
import { requestWithProgress } from "./progress";

/** A connection's name and address, where they are not the provider's own. */
export interface Address {
  readonly name?: string;
  readonly baseUrl?: string;
}

/**
 * Stores a key that works in the server's keyring. If the keyring cannot be used, the user decides whether the key is
 * used for this session; if not, the provider is disconnected and the result is undefined.
 */
export async function keepKey(
  context: Context,
  provider: Provider,
  connection: Connection,
  key: string,
  address: Address,
): Promise<Connection | undefined> {
  try {
    await requestWithProgress(context, vscode.l10n.t("Storing the key in the keyring…"), "credential/set", {
      provider: provider.id,
      secret: key,
      ...address,
    });
  } catch (error) {
    if (isRefusal(error) && (await useForSession(error))) {
      return connection;
    }
    // The user has not agreed to a key that stays in the server's memory.
    await context.server.request("provider/disconnect", { provider: nameOf({ provider: provider.id, ...address }) });
    await forget(context, nameOf({ provider: provider.id, ...address }));
    if (!isRefusal(error)) {
      throw error;
    }
    return undefined;
  }
  return withStoredKey(context, provider, connection, address);
}

/** Connects again with the key from the keyring, so that deleting or replacing it there takes effect. */
async function withStoredKey(
  context: Context,
  provider: Provider,
  connection: Connection,
  address: Address,
): Promise<Connection> {
  const { source, location } = provider.credential;
  // The key of a connection with a name of its own comes before both.
  if (address.name === undefined && (source === "environment" || source === "command")) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t(
        "The key is in the keyring, and it is used for this session. From the next start on the one from {0} comes first again: remove that one.",
        location ?? source,
      ),
    );
    return connection;
  }
  const { model } = connection;
  return context.server.request("provider/connect", {
    provider: provider.id,
    ...address,
    ...(model !== undefined && { model }),
    verify: false,
  });
}

async function useForSession(error: unknown): Promise<boolean> {
  const use = vscode.l10n.t("Use for This Session Only");
  const detail = vscode.l10n.t(
    "The key works, but it cannot be stored. It can stay in the server's memory until the server ends.",
  );
  const pressed = await vscode.window.showWarningMessage(failureOf(error).message, { modal: true, detail }, use);
  return pressed === use;
}
