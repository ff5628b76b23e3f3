import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { unlessCancelled } from "./cancellation";
import type { Running } from "./connection.js";
import { Pages } from "./pages";
import type { ServerNotifications, ServerRequests } from "./protocol";
import { type Backoff, RESTART_BACKOFF } from "./server/backoff";
import { LaunchCancelled, type Launcher, LaunchError, LaunchPostponed, ServerEndedError } from "./server/launch";
import type { ServerState } from "./server/state";
import type { VaultAnswers } from "./vault";

export { ServerEndedError };

type Method = keyof ServerRequests;
type Notification = keyof ServerNotifications;
type Handler<N extends Notification> = (params: ServerNotifications[N]) => void;

/**
 * The server's process: started by the first request that needs it, and started again with growing pauses when it ends
 * by itself. Every request is answered or fails with an error that says what happened.
 */
export class Server implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly handlers = new Map<Notification, Set<Handler<Notification>>>();
  private current: ServerState = { kind: "stopped" };
  private running: Promise<Running> | undefined;
  /** Aborts the start that is in progress. */
  private starting = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private pauseMs: number;
  /** It has ended by itself since the last `stop()`. */
  private crashed = false;
  /** Until `untilMs` each start fails with this error: a broken installation is not tried with every request. */
  private failure: { readonly error: LaunchError; readonly untilMs: number } | undefined;
  /** Whether the user has done anything that needs the server. */
  private requestedByUser = false;
  private postponed: LaunchPostponed | undefined;
  private disposed = false;

  readonly onDidChangeState = this.changed.event;
  /** The pages that the server asks the editor to open. */
  readonly pages = new Pages();

  /** The server for requests that the user did not cause: these never install it. */
  readonly background: Pick<Server, "request"> = {
    request: (method, params, token) => this.send(this.startInBackground(), method, params, token),
  };

  constructor(
    private readonly launcher: Launcher,
    private readonly log: vscode.LogOutputChannel,
    private readonly vault: VaultAnswers,
    private readonly backoff: Backoff = RESTART_BACKOFF,
  ) {
    this.pauseMs = backoff.firstMs;
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
      // An undefined token would be sent as a second parameter.
      const reply: Promise<ServerRequests[M][1]> =
        token === undefined ? client.sendRequest(method, params) : client.sendRequest(method, params, token);
      return await Promise.race([reply, ended]);
    } catch (error) {
      const { requestFailure } = await import("./connection.js");
      throw requestFailure(method, error, this.log);
    }
  }

  /** Calls the handler for each such notification, of this process of the server and of later ones. */
  onNotification<N extends Notification>(method: N, handler: Handler<N>): vscode.Disposable {
    const handlers = this.handlers.get(method) ?? new Set();
    this.handlers.set(method, handlers);
    handlers.add(handler as Handler<Notification>);
    return new vscode.Disposable(() => handlers.delete(handler as Handler<Notification>));
  }

  /** Starts the server, unless it runs or is about to. */
  async start(): Promise<Running> {
    this.requestedByUser = true;
    try {
      return await this.begin();
    } catch (error) {
      if (error instanceof LaunchPostponed) {
        // That start was a background one and may not install; this one may.
        return this.begin();
      }
      throw error;
    }
  }

  private startInBackground(): Promise<Running> {
    return this.postponed !== undefined && !this.requestedByUser ? Promise.reject(this.postponed) : this.begin();
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
    // Set before the event is fired: a listener may request something from within it.
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
    this.pauseMs = this.backoff.firstMs;
    this.starting.abort();
    this.change({ kind: "stopped" });
    try {
      await (await running)?.client.stop();
    } catch {
      // It has ended, or never started: either way it does not run.
    }
  }

  dispose(): void {
    this.disposed = true;
    void this.stop();
    this.changed.dispose();
  }

  private async launch(signal: AbortSignal): Promise<Running> {
    try {
      const launch = await this.launcher.find(signal, () => this.requestedByUser);
      this.log.info(launch.reason);
      const { connect } = await import("./connection.js");
      const running = await connect(launch, {
        log: this.log,
        timeoutMs: this.backoff.startTimeoutMs,
        signal,
        pages: this.pages,
        vault: this.vault,
        onNotification: (method, params) => this.dispatch(method, params),
        onEnd: (client) => this.ended(client),
      });
      // A `stop()` in the meantime awaits this promise and ends the process.
      if (!signal.aborted) {
        this.change({ kind: "running" });
      }
      return running;
    } catch (error) {
      throw this.failed(error, signal);
    }
  }

  /** The error of a start that failed; also sets the state and plans the next start. */
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
    if (this.crashed && !never && this.pauseMs < this.backoff.maxMs) {
      this.startAfterPause();
    } else {
      this.nextPause();
    }
    const { remedy } = known.why;
    this.change({
      kind: "failed",
      message: known.message,
      ...(remedy !== undefined && { remedy }),
      ...(!this.requestedByUser && { background: true }),
    });
    return known;
  }

  private dispatch<N extends Notification>(method: N, params: ServerNotifications[N]): void {
    for (const handler of this.handlers.get(method) ?? []) {
      try {
        handler(params);
      } catch (error) {
        this.log.error(`A handler of ${method} failed: ${String(error)}`);
      }
    }
  }

  /** Starts the server again after a pause, unless it was stopped on purpose. */
  private ended(client: LanguageClient): void {
    const running = this.running;
    void running?.then(
      (own) => {
        if (this.running !== running || own.client !== client || this.disposed) {
          return;
        }
        this.running = undefined;
        this.crashed = true;
        if (Date.now() - own.sinceMs > this.backoff.resetAfterMs) {
          this.pauseMs = this.backoff.firstMs;
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
    this.pauseMs = Math.min(this.pauseMs * 2, this.backoff.maxMs);
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
