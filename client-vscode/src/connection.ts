import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  ErrorCodes,
  LanguageClient,
  type LanguageClientOptions,
  LSPErrorCodes,
  ResponseError,
  RevealOutputChannelOn,
  type StaticFeature,
} from "vscode-languageclient/node";

import type { Pages } from "./pages";
import type { ServerNotifications } from "./protocol";
import { failureLine } from "./server/failure-line";
import { type Launch, LaunchCancelled, ServerEndedError } from "./server/launch";
import type { VaultAnswers } from "./vault";

// The language client takes a while to load, so this module is loaded with the first start of the server.

/** One process of the server that has answered `initialize`. */
export interface Running {
  readonly client: LanguageClient;
  readonly sinceMs: number;
  /** Rejected with a `ServerEndedError` when the process ends. */
  readonly ended: Promise<never>;
}

/** What `connect` needs besides the command line. */
export interface StartOptions {
  readonly log: vscode.LogOutputChannel;
  /** How long the server may take to answer `initialize`. */
  readonly timeoutMs: number;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  readonly onNotification: <N extends keyof ServerNotifications>(method: N, params: ServerNotifications[N]) => void;
  /** Opens the pages that the server asks for. */
  readonly pages: Pages;
  /** Answers the server's requests for the editor's own storage. */
  readonly vault: VaultAnswers;
  /** Called when the process has ended without being asked to. */
  readonly onEnd: (client: LanguageClient) => void;
}

/** A language client that shows no message of its own: `Server` reports each failure once, with what to do next. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Starts the server and waits until it is ready; ends its process when it does not become ready. */
export async function connect(launch: Launch, options: StartOptions): Promise<Running> {
  const { timeoutMs, signal, onNotification, onEnd } = options;
  let end: (error: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  // Only a pending request handles the rejection; without one it is no error.
  ended.catch(() => undefined);
  const client = newClient(launch, options, () => {
    end(new ServerEndedError());
    onEnd(client);
  });
  for (const method of Object.keys(NOTIFICATIONS) as (keyof ServerNotifications)[]) {
    client.onNotification(method, (params: ServerNotifications[typeof method]) => onNotification(method, params));
  }
  offerVault(client, options.vault);
  const sinceMs = Date.now();
  let limit: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(vscode.l10n.t("it was not ready after {0} s", timeoutMs / 1_000))), timeoutMs);
    stop = () => reject(new LaunchCancelled(vscode.l10n.t("The start of the Modelport server was stopped.")));
    signal.addEventListener("abort", stop);
    if (signal.aborted) {
      stop();
    }
  });
  try {
    await Promise.race([stopped, ended, signal.aborted ? stopped : client.start()]);
    return { client, sinceMs, ended };
  } catch (error) {
    // `stop` also ends the process of a client that has not started, although it then rejects.
    client.stop().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", stop);
  }
}

/** Offers the vault in `initialize`, and has it answer the server. */
function offerVault(client: LanguageClient, vault: VaultAnswers): void {
  const offer: StaticFeature = {
    fillClientCapabilities: (capabilities) => {
      capabilities.experimental = { ...(capabilities.experimental as object), modelport: { credentialStore: true } };
    },
    initialize: () => undefined,
    getState: () => ({ kind: "static" }),
    clear: () => undefined,
  };
  client.registerFeature(offer);
  client.onRequest("credential/store", vault["credential/store"]);
  client.onRequest("credential/load", vault["credential/load"]);
  client.onRequest("credential/remove", vault["credential/remove"]);
}

/** The error that a request fails with, from the one that the language client gives; logs it unless it was cancelled. */
export function requestFailure(method: string, error: unknown, log: vscode.LogOutputChannel): unknown {
  // Any error that is no reply comes from the client itself: its connection is closed.
  if (!(error instanceof ResponseError) || OWN_CODES.has(error.code)) {
    log.warn(`${method} failed: the server ended before it answered`);
    return new ServerEndedError();
  }
  if (error.code === LSPErrorCodes.RequestCancelled) {
    return new vscode.CancellationError();
  }
  log.warn(failureLine(method, error.code, error.data));
  return error;
}

function newClient({ command, args, env, verbatim }: Launch, { log, pages }: StartOptions, onEnd: () => void) {
  const options: LanguageClientOptions = {
    documentSelector: [],
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
    middleware: {
      window: {
        showDocument: async (params, token, next) =>
          params.external === true ? { success: await pages.show(params.uri) } : next(params, token),
      },
    },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        onEnd();
        const message = "The connection to the server is closed.";
        return { action: CloseAction.DoNotRestart, handled: true, message };
      },
    },
  };
  const server = {
    command,
    args: [...args],
    options: {
      // A workspace's folder could hold modules, settings and programs that would be taken for the user's own.
      cwd: homedir(),
      env: { ...process.env, ...env },
      ...(verbatim === undefined ? {} : { windowsVerbatimArguments: verbatim }),
    },
  };
  // The settings `<id>.trace.server` would write whole messages to the log, with the keys in them; they belong
  // to no extension, so any workspace may set them. A random id has no settings.
  return new QuietClient(`modelport-${randomUUID()}`, "Modelport", server, options);
}

/** The server's notifications; a table, so that the compiler finds one that is missing. */
const NOTIFICATIONS: Readonly<Record<keyof ServerNotifications, true>> = {
  "completion/update": true,
  "provider/update": true,
  "agent/update": true,
  "credential/update": true,
  "usage/updated": true,
  "status/changed": true,
};

/** The codes of the client's own errors: it cannot send a request, or cannot get its answer. */
const OWN_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.MessageWriteError,
  ErrorCodes.MessageReadError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);
