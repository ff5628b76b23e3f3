import type { Server } from "../../src/client";
import { Pages } from "../../src/pages";
import { ErrorCode, type ErrorData, type ServerNotifications, type ServerRequests } from "../../src/protocol";
import type { ServerState } from "../../src/server/state";
import { Answering } from "../../src/shared/answering";
import type { Context, ModelsChange } from "../../src/shared/context";
import { commands, env, workspace } from "./editor";
import { CancellationTokenSource, Disposable, EventEmitter } from "./vscode";
import { window } from "./window";

type Method = keyof ServerRequests;
type Token = CancellationTokenSource["token"];
type Answer<M extends Method> = (params: ServerRequests[M][0], token?: Token) => unknown;

/** An error reply, as the language client raises it. */
export class ErrorReply extends Error {
  constructor(
    message: string,
    readonly data: ErrorData = {},
    readonly code: number = ErrorCode.RequestFailed,
  ) {
    super(message);
  }
}

/** Stands in for the server's process: answers from a table and notes what was asked. */
export class ScriptedServer {
  readonly requests: { method: Method; params: unknown }[] = [];
  state: ServerState = { kind: "running" };
  restarts = 0;

  private readonly answers = new Map<Method, Answer<Method>>();
  private readonly handlers = new Map<string, Set<(params: unknown) => void>>();
  private readonly changed = new EventEmitter<ServerState>();

  readonly onDidChangeState = this.changed.event;
  readonly pages = new Pages();
  /** The methods of the background requests. */
  readonly inBackground: Method[] = [];
  readonly background = {
    request: (method: Method, params: ServerRequests[Method][0], token?: Token): Promise<unknown> => {
      this.inBackground.push(method);
      return this.request(method, params, token);
    },
  };

  /** Sets what a method answers: a result, or a function that makes or throws one. */
  answer<M extends Method>(method: M, answer: ServerRequests[M][1] | Answer<M>): void {
    this.answers.set(method, (typeof answer === "function" ? answer : () => answer) as Answer<Method>);
  }

  /** The params of a method's requests, oldest first. */
  asked<M extends Method>(method: M): ServerRequests[M][0][] {
    return this.requests.filter((one) => one.method === method).map((one) => one.params as ServerRequests[M][0]);
  }

  async request<M extends Method>(method: M, params: ServerRequests[M][0], token?: Token): Promise<unknown> {
    this.requests.push({ method, params });
    const answer = this.answers.get(method);
    if (answer === undefined) {
      throw new Error(`No answer to ${method} is scripted`);
    }
    return answer(params, token);
  }

  onNotification(method: string, handler: (params: unknown) => void): Disposable {
    const handlers = this.handlers.get(method) ?? new Set();
    this.handlers.set(method, handlers.add(handler));
    return new Disposable(() => handlers.delete(handler));
  }

  notify<N extends keyof ServerNotifications>(method: N, params: ServerNotifications[N]): void {
    for (const handler of this.handlers.get(method) ?? []) {
      handler(params);
    }
  }

  become(state: ServerState): void {
    this.state = state;
    this.changed.fire(state);
  }

  async restart(): Promise<void> {
    this.restarts += 1;
  }
}

/** A request that is answered only with -32800, once it is cancelled. */
export function untilCancelled(_: unknown, token?: Token): Promise<never> {
  return new Promise((_resolve, reject) => {
    token?.onCancellationRequested(() => reject(new ErrorReply("Cancelled.", {}, ErrorCode.RequestCancelled)));
  });
}

/** A context over a scripted server, with a log that can be searched. */
export interface TestContext extends Context {
  readonly logged: string[];
  readonly stored: Map<string, unknown>;
}

export function contextFor(server: ScriptedServer): TestContext {
  const modelsChanged = new EventEmitter<ModelsChange>();
  const logged: string[] = [];
  const stored = new Map<string, unknown>();
  const write = (...parts: unknown[]) => logged.push(parts.map(String).join(" "));
  const context = {
    extension: {
      subscriptions: [] as Disposable[],
      extension: { packageJSON: { version: "0.1.0" } },
      globalState: {
        get: (key: string, otherwise: unknown) => stored.get(key) ?? otherwise,
        update: async (key: string, value: unknown) => void stored.set(key, value),
      },
    },
    log: { trace: write, debug: write, info: write, warn: write, error: write, show: () => write("(shown)") },
    server: server as unknown as Server,
    answering: new Answering(),
    logIns: new Map(),
    onDidChangeModels: modelsChanged.event,
    modelsChanged: (change: ModelsChange) => modelsChanged.fire(change),
    logged,
    stored,
  };
  return context as unknown as TestContext;
}

/** Everything that could be seen on the screen, in the log, in settings and on the clipboard so far, as one text. */
export function everythingShown(context: TestContext): string {
  const inputs = window.inputs.map((input) => Object.assign({}, input, { value: "", window: undefined }));
  const shown = Object.assign({}, window, { inputs });
  return JSON.stringify([
    shown,
    context.logged,
    [...context.stored],
    env.opened,
    env.copied,
    commands.executed,
    [...workspace.contents.values()].map((provider) => provider.provideTextDocumentContent(undefined as never)),
  ]);
}

/** Begins a test with an editor in which nothing has happened. */
export function freshEditor(): void {
  window.inputs = [];
  window.questions = [];
  window.messages = [];
  window.works = [];
  window.statusBarMessages = [];
  window.statusBarItems = [];
  window.shownDocuments = [];
  window.trees.clear();
  env.opened.length = 0;
  env.copied.length = 0;
  commands.executed.length = 0;
  commands.registered.clear();
  workspace.contents.clear();
}
