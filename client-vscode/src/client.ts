import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { unlessCancelled } from "./cancellation";
import type { Running } from "./connection.js";
import type { ServerNotifications, ServerRequests } from "./protocol";
import { LaunchCancelled, type Launcher, LaunchError, LaunchPostponed, ServerEndedError } from "./server/launch";
import type { ServerState } from "./server/state";

export { ServerEndedError };

/** How long things may take, in milliseconds. */
export interface Pace {
  /** The first pause before an ended server is started again; each further one is twice as long, up to `longest`. */
  readonly first: number;
  readonly longest: number;
  /** A server that has run for so long has started well, whatever ended it. */
  readonly stable: number;
  /** From the start of the process until it has said what it can. */
  readonly start: number;
}

const PACE: Pace = { first: 1_000, longest: 60_000, stable: 60_000, start: 60_000 };

type Method = keyof ServerRequests;
type Notification = keyof ServerNotifications;
type Handler<N extends Notification> = (params: ServerNotifications[N]) => void;

/**
 * The server's process, seen from the extension: started when it is first needed, started again with growing pauses
 * when it ends by itself. Every request is answered or fails with an error that says what happened.
 */
export class Server implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly handlers = new Map<Notification, Set<Handler<Notification>>>();
  private current: ServerState = { kind: "stopped" };
  private running: Promise<Running> | undefined;
  /** Ends the start that is under way. */
  private starting = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private pauseMs: number;
  /** It ended by itself and has not run well since. */
  private crashed = false;
  /** What each start fails with until then: a broken installation is not tried with every request. */
  private failure: { readonly error: LaunchError; readonly untilMs: number } | undefined;
  /** Whether the user has asked for something that needs the server. */
  private asked = false;
  private postponed: LaunchPostponed | undefined;
  private disposed = false;

  readonly onDidChangeState = this.changed.event;

  /** The server for questions that the user knows nothing of: it is not installed for them. */
  readonly unasked: Pick<Server, "request"> = {
    request: (method, params, token) => this.send(this.startUnasked(), method, params, token),
  };

  constructor(
    private readonly launcher: Launcher,
    private readonly log: vscode.LogOutputChannel,
    private readonly pace: Pace = PACE,
  ) {
    this.pauseMs = pace.first;
  }

  get state(): ServerState {
    return this.current;
  }

  /**
   * The reply to a request; starts the server if it does not run.
   *
   * @throws {vscode.CancellationError} the token was cancelled.
   * @throws {ResponseError} the server's own error, with its `code` and `data`.
   * @throws {ServerEndedError} it ended before it answered.
   * @throws {LaunchError} it cannot be started.
   */
  async request<M extends Method>(
    method: M,
    params: ServerRequests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<ServerRequests[M][1]> {
    return this.send(this.start(), method, params, token);
  }

  private async send<M extends Method>(
    start: Promise<Running>,
    method: M,
    params: ServerRequests[M][0],
    token: vscode.CancellationToken | undefined,
  ): Promise<ServerRequests[M][1]> {
    const { client, ended } = await unlessCancelled(start, token);
    try {
      // A token that is not there would be sent as a second parameter.
      const reply: Promise<ServerRequests[M][1]> =
        token === undefined ? client.sendRequest(method, params) : client.sendRequest(method, params, token);
      return await Promise.race([reply, ended]);
    } catch (error) {
      const { requestFailure } = await import("./connection.js");
      throw requestFailure(error);
    }
  }

  /** Hears of a notification, from this process of the server and from later ones. */
  onNotification<N extends Notification>(method: N, handler: Handler<N>): vscode.Disposable {
    const handlers = this.handlers.get(method) ?? new Set();
    this.handlers.set(method, handlers);
    handlers.add(handler as Handler<Notification>);
    return new vscode.Disposable(() => handlers.delete(handler as Handler<Notification>));
  }

  /** Starts the server, unless it runs or is about to. */
  async start(): Promise<Running> {
    this.asked = true;
    try {
      return await this.begin();
    } catch (error) {
      if (error instanceof LaunchPostponed) {
        // It was under way for somebody who could wait.
        return this.begin();
      }
      throw error;
    }
  }

  private startUnasked(): Promise<Running> {
    return this.postponed !== undefined && !this.asked ? Promise.reject(this.postponed) : this.begin();
  }

  private begin(): Promise<Running> {
    if (this.running !== undefined) {
      return this.running;
    }
    if (this.disposed) {
      return Promise.reject(new LaunchError(vscode.l10n.t("The Modelport extension has been deactivated.")));
    }
    if (this.failure !== undefined && Date.now() < this.failure.untilMs) {
      return Promise.reject(this.failure.error);
    }
    clearTimeout(this.timer);
    this.failure = undefined;
    this.starting = new AbortController();
    const { signal } = this.starting;
    // Known before anybody hears of the start: who hears of it may well ask for the server.
    const running = Promise.resolve().then(() => this.launch(signal));
    this.running = running;
    this.change({ kind: "starting" });
    return running;
  }

  /** Ends the server and starts it again at once. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends the server; the next request starts it again. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const running = this.running;
    this.running = undefined;
    this.failure = undefined;
    this.postponed = undefined;
    this.crashed = false;
    this.pauseMs = this.pace.first;
    this.starting.abort();
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

  private async launch(signal: AbortSignal): Promise<Running> {
    try {
      const launch = await this.launcher.find(signal, () => this.asked);
      this.log.info(launch.reason);
      const { connect } = await import("./connection.js");
      const running = await connect(launch, {
        log: this.log,
        timeoutMs: this.pace.start,
        signal,
        hear: (method, params) => this.hear(method, params),
        onEnd: (client) => this.ended(client),
      });
      // Whoever has stopped it meanwhile waits for it, to end it.
      if (!signal.aborted) {
        this.change({ kind: "running" });
      }
      return running;
    } catch (error) {
      throw this.failed(error, signal);
    }
  }

  /** What a start that failed fails with. */
  private failed(error: unknown, signal: AbortSignal): LaunchError {
    const known = error instanceof LaunchError ? error : new LaunchError(startFailure(error), { cause: error });
    if (signal.aborted) {
      return known;
    }
    this.running = undefined;
    if (known instanceof LaunchPostponed) {
      this.postponed = known;
      this.log.info(known.message);
      this.change({ kind: "stopped", postponed: true });
      return known;
    }
    this.log.error(known.message);
    const never = known instanceof LaunchCancelled;
    this.failure = { error: known, untilMs: never ? Number.POSITIVE_INFINITY : Date.now() + this.pauseMs };
    if (this.crashed && !never && this.pauseMs < this.pace.longest) {
      this.startAfterPause();
    } else {
      this.nextPause();
    }
    const { remedy } = known.why;
    this.change({
      kind: "failed",
      message: known.message,
      ...(remedy !== undefined && { remedy }),
      ...(!this.asked && { unasked: true }),
    });
    return known;
  }

  private hear<N extends Notification>(method: N, params: ServerNotifications[N]): void {
    for (const handler of this.handlers.get(method) ?? []) {
      try {
        handler(params);
      } catch (error) {
        this.log.error(`A handler of ${method} failed: ${String(error)}`);
      }
    }
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
        this.crashed = true;
        if (Date.now() - own.sinceMs > this.pace.stable) {
          this.pauseMs = this.pace.first;
        }
        this.log.warn(`The server has ended; it is started again in ${this.pauseMs / 1000} s.`);
        const untilMs = Date.now() + this.pauseMs;
        this.startAfterPause();
        this.change({ kind: "waiting", untilMs });
      },
      () => undefined,
    );
  }

  private startAfterPause(): void {
    this.timer = setTimeout(() => {
      this.failure = undefined;
      this.begin().catch(() => undefined);
    }, this.pauseMs);
    this.nextPause();
  }

  private nextPause(): void {
    this.pauseMs = Math.min(this.pauseMs * 2, this.pace.longest);
  }

  private change(state: ServerState): void {
    this.current = state;
    if (!this.disposed) {
      this.changed.fire(state);
    }
  }
}

function startFailure(error: unknown): string {
  const why =
    error instanceof ServerEndedError
      ? vscode.l10n.t("it ended before it was ready")
      : error instanceof Error
        ? error.message
        : String(error);
  return vscode.l10n.t("The Modelport server could not be started: {0}. The log says more.", why);
}
