import * as vscode from "vscode";

import type { Connection, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { failureOf, isRefusal, showFailure, showWarning } from "../shared/failure";
import { ownName, shownName } from "../shared/naming";
import { askAddress, askKey } from "./ask";
import { offerChatAccess } from "./chat-access";
import { chooseProvider, findProvider } from "./choose-provider";
import { type Address, keepKey } from "./keep-key";
import { openPage } from "./links";
import { chooseConnection } from "./name-connection";
import { nameOf, remember, remembered } from "./remembered";
import { requestWithProgress } from "./progress";

/** The parts of a new connection that are already decided. */
export interface ConnectOptions {
  /** The connection's name, where it is not the provider's id. */
  readonly name?: string;
  /** Whether it is one of several, and is to be told where it goes and with which key. */
  readonly another?: boolean;
  readonly baseUrl?: string;
  readonly model?: string;
  /** Whether to ask for a key even if there is one. */
  readonly newKey?: boolean;
  /** Whether the server checks the connection with the provider; true when absent. */
  readonly verify?: boolean;
}

/** Connects a provider, by its id or chosen from the list; `name` is that of one of its connections. */
export async function connect(context: Context, id?: string, name?: string): Promise<void> {
  const provider = id === undefined ? await chooseProvider(context) : await findProvider(context, id);
  if (provider === undefined) {
    return;
  }
  // Who names a provider means what there is; in the list its name may also stand for another server or account.
  const asked = id === undefined && provider.connected ? await chooseConnection(context, provider) : { another: false };
  if (asked === undefined) {
    return;
  }
  const connection = await connectTo(context, provider, { ...(name !== undefined && { name }), ...asked });
  if (connection !== undefined) {
    await showModelCount(context, provider, connection);
  }
}

/**
 * Connects a provider; asks the user for a missing key or address, and again after a refusal. undefined if cancelled.
 *
 * The key is in one variable here and in the requests' params, and nowhere else.
 */
export async function connectTo(
  context: Context,
  provider: Provider,
  options: ConnectOptions,
): Promise<Connection | undefined> {
  const { name } = options;
  const own = name ?? provider.id;
  let baseUrl = options.baseUrl ?? remembered(context).find((one) => nameOf(one) === own)?.baseUrl;
  if (baseUrl === undefined && (provider.baseUrl?.includes("{") || (options.another && hasOwnAddress(provider)))) {
    baseUrl = await askAddress(provider, provider.baseUrl);
    if (baseUrl === undefined) {
      return undefined;
    }
  }
  let key: string | undefined;
  const account = options.another && !hasOwnAddress(provider);
  if (options.newKey || (provider.requiresApiKey && (account || provider.credential.source === "none"))) {
    key = await askKey(provider);
    if (key === undefined) {
      return undefined;
    }
  }
  for (;;) {
    const address: Address = { ...(name !== undefined && { name }), ...(baseUrl !== undefined && { baseUrl }) };
    try {
      const connection = await requestWithProgress(
        context,
        vscode.l10n.t("Checking the connection to {0}…", provider.displayName),
        "provider/connect",
        {
          provider: provider.id,
          ...address,
          ...(options.model !== undefined && { model: options.model }),
          ...(key !== undefined && { apiKey: key }),
          ...(options.verify === false && { verify: false }),
          // Keeps a key that is only in the server's memory.
          keepOverrides: true,
        },
      );
      const kept = key === undefined ? connection : await keepKey(context, provider, connection, key, address);
      await record(context, provider, address, kept);
      return kept;
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      const remedy = await remedyFor(context, provider, error, key !== undefined);
      if (remedy === undefined) {
        return undefined;
      }
      if (remedy === "key") {
        key = await askKey(provider);
        if (key === undefined) {
          return undefined;
        }
      } else if (remedy === "address") {
        baseUrl = await askAddress(provider, baseUrl ?? provider.baseUrl);
        if (baseUrl === undefined) {
          return undefined;
        }
      }
    }
  }
}

/** Whether each connection has an address of its own: a server of the user's, or an account with one. */
function hasOwnAddress({ connectionType, baseUrl }: Provider): boolean {
  return connectionType === "local" || baseUrl === undefined || baseUrl.includes("{");
}

/** Shows how many models a connection has now. */
export async function showModelCount(context: Context, provider: Provider, connection: Connection): Promise<void> {
  const name = shownName(provider.displayName, ownName(connection));
  const { models, errors } = await requestWithProgress(context, vscode.l10n.t("Listing the models of {0}…", name), "model/list", {
    provider: connection.name,
  });
  const [problem] = errors;
  if (problem !== undefined && models.length === 0) {
    void showWarning(
      context,
      vscode.l10n.t("{0} is connected, but its models cannot be listed: {1}", name, problem.error.message),
    );
    return;
  }
  const choose = vscode.l10n.t("Switch Model");
  const message =
    models.length === 1
      ? vscode.l10n.t("{0} is connected. Its model is in the model picker of Chat.", name)
      : vscode.l10n.t("{0} is connected. Its {1} models are in the model picker of Chat.", name, models.length);
  void vscode.window.showInformationMessage(message, choose).then((pressed) => {
    if (pressed === choose) {
      void vscode.commands.executeCommand("modelport.switchModel");
    }
  });
  void offerChatAccess(context);
}

type Remedy = "key" | "address" | "again";

/** Shows why a connection was refused, and lets the user choose how to go on. */
async function remedyFor(
  context: Context,
  provider: Provider,
  error: unknown,
  keyTyped: boolean,
): Promise<Remedy | undefined> {
  const { kind, field } = failureOf(error);
  const enterKey = keyTyped ? vscode.l10n.t("Try Another Key") : vscode.l10n.t("Enter a Key");
  const openKeyPage = vscode.l10n.t("Open Key Page");
  const again = vscode.l10n.t("Try Again");
  const address = vscode.l10n.t("Change the Address");
  const buttons: string[] = [];
  if (field === "baseUrl") {
    buttons.push(address);
  } else if (kind !== undefined && KEY_ERRORS.has(kind)) {
    buttons.push(enterKey, ...(provider.keyUrl === undefined ? [] : [openKeyPage]));
  } else if (kind !== undefined && TRANSIENT_ERRORS.has(kind)) {
    buttons.push(again, address);
  } else if (kind === "invalid_response" || kind === "unsupported") {
    buttons.push(address);
  }
  switch (await showFailure(context, error, ...buttons)) {
    case enterKey:
      return "key";
    case openKeyPage:
      await openPage(provider.keyUrl ?? "");
      return "key";
    case address:
      return "address";
    case again:
      return "again";
    default:
      return undefined;
  }
}

const KEY_ERRORS: ReadonlySet<string> = new Set([
  "auth_required",
  "auth_rejected",
  "keyring_unavailable",
  "forbidden",
  "invalid_key_format",
]);
const TRANSIENT_ERRORS: ReadonlySet<string> = new Set([
  "network",
  "tls",
  "timeout",
  "rate_limited",
  "provider_unavailable",
]);

/** Stores a connection that was made, to make it again after a restart, and notifies the rest of the extension. */
async function record(
  context: Context,
  provider: Provider,
  address: Address,
  connection: Connection | undefined,
): Promise<void> {
  if (connection !== undefined) {
    // The walkthrough's step is done only now: the user may have cancelled the command.
    void vscode.commands.executeCommand("setContext", "modelport.connected", true);
  }
  // With a key that is only in the server's memory the connection cannot be made again.
  if (connection !== undefined && connection.credential.source !== "session") {
    // Also with a model that the server has found: without asking the provider it could not find it again.
    const { model } = connection;
    await remember(context, {
      provider: provider.id,
      ...address,
      ...(model !== undefined && model !== provider.defaultModel && { model }),
    });
  }
  context.modelsChanged("user");
}
