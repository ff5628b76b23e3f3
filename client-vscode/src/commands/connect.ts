import * as vscode from "vscode";

import type { Connection, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { isRefusal, showWarning } from "../shared/failure";
import { ownName, shownName } from "../shared/naming";
import { hasKey, originOf } from "../shared/origin";
import { askAddress, askKey } from "./ask";
import { chooseWay, logInsOf } from "./authenticate";
import { offerChatAccess } from "./chat-access";
import { chooseLogIn, chooseProvider, findProvider } from "./choose-provider";
import { type Address, keepKey } from "./keep-key";
import { logInTo } from "./log-in";
import { chooseConnection } from "./name-connection";
import { nameOf, remember, remembered } from "./remembered";
import { requestWithProgress } from "./progress";
import { remedyFor, type Step } from "./remedies";

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
  /** Whether to log in, even if there is a key. */
  readonly logIn?: boolean;
  /** Whether the server checks the connection with the provider; true when absent. */
  readonly verify?: boolean;
}

/** Connects a provider, by its id or chosen from the list; `name` is that of one of its connections. */
export async function connect(context: Context, id?: string, name?: string): Promise<void> {
  const provider = id === undefined ? await chooseProvider(context) : await findProvider(context, id);
  await connectNamed(context, provider, { chosen: id === undefined, ...(name !== undefined && { name }) });
}

/** Logs in to a provider, by its id or chosen from those that have a log-in, and connects it. */
export async function logIn(context: Context, id?: string, name?: string): Promise<void> {
  const provider = id === undefined ? await chooseLogIn(context) : await findProvider(context, id);
  await connectNamed(context, provider, { chosen: id === undefined, ...(name !== undefined && { name }), logIn: true });
}

async function connectNamed(
  context: Context,
  provider: Provider | undefined,
  { chosen, ...options }: { readonly chosen: boolean; readonly name?: string; readonly logIn?: boolean },
): Promise<void> {
  if (provider === undefined) {
    return;
  }
  // Who names a provider means what there is; in the list its name may also stand for another server or account.
  const asked = chosen && provider.connected ? await chooseConnection(context, provider) : { another: false };
  if (asked === undefined) {
    return;
  }
  const connection = await connectTo(context, provider, { ...options, ...asked });
  if (connection !== undefined) {
    await showModelCount(context, provider, connection);
  }
}

/**
 * Connects a provider; asks the user for a missing key, log-in or address, and again after a refusal. undefined if
 * cancelled.
 *
 * The key is in one value here and in the requests' params, and nowhere else.
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
  let entered: Entered = { ...(name !== undefined && { name }), ...(baseUrl !== undefined && { baseUrl }) };
  let step = await firstStep(provider, options);
  while (step !== undefined) {
    const byLogIn = step === "device" || step === "code";
    let loggingIn = byLogIn;
    try {
      const given = await enter(context, provider, step, entered);
      if (given === undefined) {
        return undefined;
      }
      entered = given;
      loggingIn = false;
      const { key, ...address } = entered;
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
          // Keeps a key that is only in the server's memory, but where a log-in is to take its place.
          ...(!byLogIn && { keepOverrides: true }),
        },
      );
      const kept = key === undefined ? connection : await keepKey(context, provider, connection, key, address);
      await record(context, provider, address, kept);
      if (byLogIn) {
        warnOfHidden(connection);
      }
      return kept;
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      step = await remedyFor(context, provider, error, { keyTyped: entered.key !== undefined, loggingIn });
    }
  }
  return undefined;
}

/** What the user has given for a connection. */
interface Entered extends Address {
  readonly key?: string;
}

/** Asks the user for what comes before the next try, or logs in; undefined if cancelled. */
async function enter(context: Context, provider: Provider, step: Step, before: Entered): Promise<Entered | undefined> {
  switch (step) {
    case "again":
      return before;
    case "key": {
      const key = await askKey(provider);
      return key === undefined ? undefined : { ...before, key };
    }
    case "address": {
      const baseUrl = await askAddress(provider, before.baseUrl ?? provider.baseUrl);
      return baseUrl === undefined ? undefined : { ...before, baseUrl };
    }
    case "device":
    case "code": {
      const { name, baseUrl } = before;
      const named = { ...(name !== undefined && { name }) };
      const status = await logInTo(context, provider, { ...named, method: step });
      return status && { ...named, ...(baseUrl !== undefined && { baseUrl }) };
    }
  }
}

/** Warns of a key that is used in place of the log-in that was made. */
function warnOfHidden({ credential }: Connection): void {
  if (credential.loggedIn !== true) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t("You are logged in, but this is used before it: {0}. Remove it to use the log-in.", originOf(credential)),
    );
  }
}

/** What to ask the user for before anything is sent; undefined if cancelled. */
async function firstStep(provider: Provider, { newKey, logIn, another }: ConnectOptions): Promise<Step | undefined> {
  if (logIn) {
    return chooseWay(provider, { withKey: false });
  }
  const account = another && !hasOwnAddress(provider);
  const unknown = logInsOf(provider).length > 0 ? !hasKey(provider.credential) : provider.credential.source === "none";
  const asked = provider.requiresApiKey || logInsOf(provider).length > 0;
  return newKey || (asked && (account || unknown)) ? chooseWay(provider, { withKey: true }) : "again";
}

/** Whether each connection has an address of its own: a server without log-ins of the user's, or an account with one. */
function hasOwnAddress(provider: Provider): boolean {
  const { connectionType, baseUrl } = provider;
  // Where users log in, another connection is another account at the same address.
  const isServer = connectionType === "local" && logInsOf(provider).length === 0;
  return isServer || baseUrl === undefined || baseUrl.includes("{");
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
