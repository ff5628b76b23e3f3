import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  WorkDoneProgress,
} from "vscode-languageclient/node";

import type { ServerNotifications, ServerRequests } from "./protocol";
import { type Launcher, LaunchError } from "./server/launch";

/** What the server is doing, for the status bar and for whoever waits for it. */
export type ServerState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  | { readonly kind: "running" }
  | { readonly kind: "waiting"; readonly untilMs: number }
  | { readonly kind: "failed"; readonly message: string };

type Method = keyof ServerRequests;
type Notification = keyof ServerNotifications;
type Handler<N extends Notification> = (params: ServerNotifications[N]) => void;

/** The server ended while a request was under way. */
export class ServerEndedError extends Error {
  override readonly name = "ServerEndedError";

  constructor() {
    super(vscode.l10n.t("The Modelport server ended during this request. It is being started again: try again."));
  }
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** A server that has run for so long has started well, whatever ended it. */
const STABLE_MS = 60_000;

/** One started server, and the moment it ends. */
interface Running {
  readonly client: LanguageClient;
  readonly sinceMs: number;
  readonly ended: Promise<never>;
}

/**
 * The server's process, seen from the extension: started when it is first needed, started again with growing pauses
 * when it ends by itself. Every request is answered or fails with an error that says what happened.
 */
export class Server implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly handlers = new Map<Notification, Set<Handler<Notification>>>();
  private current: ServerState = { kind: "stopped" };
  private running: Promise<Running> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private waitMs = FIRST_WAIT_MS;
  private disposed = false;

  readonly onDidChangeState = this.changed.event;

  constructor(
    private readonly launcher: Launcher,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /**
   * The reply to a request; starts the server if it does not run.
   *
   * @throws {ResponseError} the server's own error, -32800 when the token was cancelled
   * @throws {ServerEndedError} it ended before it answered
   * @throws {LaunchError} it cannot be started
   */
  async request<M extends Method>(
    method: M,
    params: ServerRequests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<ServerRequests[M][1]> {
    const { client, ended } = await this.start();
    return Promise.race([client.sendRequest<ServerRequests[M][1]>(method, params, token), ended]);
  }

  /** Hears of a notification, from this process of the server and from later ones. */
  onNotification<N extends Notification>(method: N, handler: Handler<N>): vscode.Disposable {
    const handlers = this.handlers.get(method) ?? new Set();
    this.handlers.set(method, handlers);
    handlers.add(handler as Handler<Notification>);
    return new vscode.Disposable(() => handlers.delete(handler as Handler<Notification>));
  }

  /**
   * Hears of the progress of one request, by the `workDoneToken` it is given: each report's message.
   *
   * @throws {LaunchError} the server cannot be started
   */
  async onProgress(token: string, handler: (message: string) => void): Promise<vscode.Disposable> {
    const { client } = await this.start();
    return client.onProgress(WorkDoneProgress.type, token, (value) => {
      if (value.kind === "report" && value.message !== undefined) {
        handler(value.message);
      }
    });
  }

  /** Starts the server, unless it runs or is about to. */
  start(): Promise<Running> {
    clearTimeout(this.timer);
    this.running ??= this.launch();
    return this.running;
  }

  /** Ends the server and starts it again at once. */
  async restart(): Promise<void> {
    this.waitMs = FIRST_WAIT_MS;
    await this.stop();
    await this.start();
  }

  /** Ends the server; the next request starts it again. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const running = this.running;
    this.running = undefined;
    this.change({ kind: "stopped" });
    try {
      await (await running)?.client.stop();
    } catch {
      // It is gone, or never came up: both is what was wanted.
    }
  }

  dispose(): void {
    this.disposed = true;
    void this.stop();
    this.launcher.dispose();
    this.changed.dispose();
  }

  private async launch(): Promise<Running> {
    this.change({ kind: "starting" });
    try {
      const launch = await this.launcher.find();
      this.log.info(launch.reason);
      const running = this.begin(launch.command, launch.args, launch.env ?? {});
      // Whoever waits for an answer hears of the end; nobody else has to.
      running.ended.catch(() => undefined);
      await Promise.race([running.client.start(), running.ended]);
      this.change({ kind: "running" });
      return running;
    } catch (error) {
      this.running = undefined;
      const message = error instanceof LaunchError ? error.message : startFailure(error);
      this.log.error(message, error);
      this.change({ kind: "failed", message });
      throw error instanceof LaunchError ? error : new LaunchError(message, { cause: error });
    }
  }

  private begin(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Running {
    let end: (error: Error) => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      end = reject;
    });
    const options: LanguageClientOptions = {
      documentSelector: [],
      outputChannel: this.log,
      traceOutputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          end(new ServerEndedError());
          this.ended(client);
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
    const server = { command, args: [...args], options: { env: { ...process.env, ...env } } };
    const client = new LanguageClient("modelport", "Modelport", server, options);
    for (const method of NOTIFICATIONS) {
      client.onNotification(method, (params: ServerNotifications[typeof method]) => {
        for (const handler of this.handlers.get(method) ?? []) {
          handler(params);
        }
      });
    }
    return { client, sinceMs: Date.now(), ended };
  }

  /** The server has ended; when nobody asked it to, it is started again after a pause. */
  private ended(client: LanguageClient): void {
    const running = this.running;
    void running?.then(
      (own) => {
        if (this.running !== running || own.client !== client || this.disposed) {
          return;
        }
        this.running = undefined;
        if (Date.now() - own.sinceMs > STABLE_MS) {
          this.waitMs = FIRST_WAIT_MS;
        }
        this.log.warn(`The server has ended; it is started again in ${this.waitMs / 1000} s.`);
        this.change({ kind: "waiting", untilMs: Date.now() + this.waitMs });
        this.timer = setTimeout(() => void this.start().catch(() => undefined), this.waitMs);
        this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
      },
      () => undefined,
    );
  }

  private change(state: ServerState): void {
    this.current = state;
    if (!this.disposed) {
      this.changed.fire(state);
    }
  }
}

/** What the server tells without being asked. */
const NOTIFICATIONS: readonly Notification[] = ["completion/update", "agent/update", "usage/updated", "status/changed"];

function startFailure(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return vscode.l10n.t("The Modelport server could not be started: {0}", why);
}
