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
} from "vscode-languageclient/node";

import type { ServerNotifications } from "./protocol";
import { type Launch, LaunchCancelled, ServerEndedError } from "./server/launch";

// The language client takes a while to load, so this module is loaded with the first start of the server.

/** One process of the server that is ready, and the moment it ends. */
export interface Running {
  readonly client: LanguageClient;
  readonly sinceMs: number;
  /** Rejected with a `ServerEndedError`. */
  readonly ended: Promise<never>;
}

/** What a connection needs of whoever asks for it. */
export interface Wishes {
  readonly log: vscode.LogOutputChannel;
  /** How long the server may take until it has answered `initialize`. */
  readonly timeoutMs: number;
  /** Stops the start. */
  readonly signal: AbortSignal;
  hear<N extends keyof ServerNotifications>(method: N, params: ServerNotifications[N]): void;
  /** The process has ended, without having been asked to. */
  onEnd(client: LanguageClient): void;
}

/** A language client that shows nothing by itself: what went wrong is told once, by whoever knows what to do. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** Starts the server and waits until it is ready; if that does not come about, its process is ended. */
export async function connect(launch: Launch, { log, timeoutMs, signal, hear, onEnd }: Wishes): Promise<Running> {
  let end: (error: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  // Whoever waits for an answer hears of the end; nobody else has to.
  ended.catch(() => undefined);
  const client = newClient(launch, log, () => {
    end(new ServerEndedError());
    onEnd(client);
  });
  for (const method of Object.keys(NOTIFICATIONS) as (keyof ServerNotifications)[]) {
    client.onNotification(method, (params: ServerNotifications[typeof method]) => hear(method, params));
  }
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
    // This also ends the process of a client that has not come up, though it says that it cannot be stopped.
    client.stop().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", stop);
  }
}

/** What a request fails with, from what the client says of it. */
export function requestFailure(error: unknown): unknown {
  // Everything that is no reply is thrown by the client itself, about a connection that is not there.
  if (!(error instanceof ResponseError) || OWN_CODES.has(error.code)) {
    return new ServerEndedError();
  }
  return error.code === LSPErrorCodes.RequestCancelled ? new vscode.CancellationError() : error;
}

function newClient({ command, args, env, verbatim }: Launch, log: vscode.LogOutputChannel, onEnd: () => void) {
  const options: LanguageClientOptions = {
    documentSelector: [],
    outputChannel: log,
    traceOutputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationFailedHandler: () => false,
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
  // The settings `<id>.trace.server` would have whole messages written to the log, with the keys in them; they belong
  // to no extension, so any workspace may have them. An id that nobody knows has no settings.
  return new QuietClient(`modelport-${randomUUID()}`, "Modelport", server, options);
}

/** What the server tells without being asked; a table, so that none can be forgotten. */
const NOTIFICATIONS: Readonly<Record<keyof ServerNotifications, true>> = {
  "completion/update": true,
  "provider/update": true,
  "agent/update": true,
  "usage/updated": true,
  "status/changed": true,
};

/** The codes the client uses itself, when it cannot send a request or will have no answer to it. */
const OWN_CODES: ReadonlySet<number> = new Set([
  ErrorCodes.MessageWriteError,
  ErrorCodes.MessageReadError,
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
]);
