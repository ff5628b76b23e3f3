import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as vscode from "vscode";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";

import type { ModelsContext } from "../../src/models/provider";
import type { ServerNotifications, ServerRequests } from "../../src/protocol";
import { Answering } from "../../src/shared/answering";
import type { ModelsChange } from "../../src/shared/context";

/** The server that `make` installs, where it has done so. */
export const REAL_SERVER = join(__dirname, "../../../.venv/bin/modelport");

/** The Python server as a child process, with nothing of this machine's keys and settings. */
export class RealServer {
  readonly state = { kind: "running" } as const;
  readonly onDidChangeState = new vscode.EventEmitter<never>().event;
  readonly notifications: { method: string; params: unknown }[] = [];

  static async start(): Promise<RealServer> {
    const folder = await mkdtemp(join(tmpdir(), "modelport-"));
    const env = {
      PATH: process.env["PATH"],
      HOME: folder,
      MODELPORT_DATA_DIR: join(folder, "data"),
      MODELPORT_CONFIG_DIR: join(folder, "config"),
      XDG_RUNTIME_DIR: folder,
      PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring",
    };
    const child = spawn(REAL_SERVER, ["serve"], { env, stdio: ["pipe", "pipe", "ignore"] });
    const [reader, writer] = [new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin)];
    const connection = createMessageConnection(reader, writer);
    const server = new RealServer(child, connection, folder);
    connection.listen();
    await connection.sendRequest("initialize", { processId: process.pid, capabilities: {} });
    await connection.sendNotification("initialized", {});
    return server;
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly connection: MessageConnection,
    private readonly folder: string,
  ) {
    connection.onNotification((method, params) => void this.notifications.push({ method, params }));
  }

  request<M extends keyof ServerRequests>(
    method: M,
    params: ServerRequests[M][0],
    token?: vscode.CancellationToken,
  ): Promise<ServerRequests[M][1]> {
    return this.connection.sendRequest(method, params, ...(token ? [token] : []));
  }

  onNotification<N extends keyof ServerNotifications>(
    method: N,
    handler: (params: ServerNotifications[N]) => void,
  ): vscode.Disposable {
    return vscode.Disposable.from(this.connection.onNotification(method, handler));
  }

  /** What a model provider needs, around this server. */
  context(log: vscode.LogOutputChannel): ModelsContext {
    return {
      server: Object.assign(this, { background: this }),
      log,
      answering: new Answering(),
      onDidChangeModels: new vscode.EventEmitter<ModelsChange>().event,
    };
  }

  /** Ends the process as an editor does, and waits until it is gone. */
  async stop(): Promise<number | null> {
    const gone = new Promise<number | null>((resolve) => this.child.once("exit", resolve));
    await this.connection.sendRequest("shutdown");
    await this.connection.sendNotification("exit");
    const code = await gone;
    this.connection.dispose();
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}
