import type { Disposable } from "vscode";

/** How the server is started, and why in this way. */
export interface Launch {
  readonly command: string;
  /** Everything behind the program, `serve` included. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** For the log, as a sentence. */
  readonly reason: string;
}

/** No way to start the server was found, or the one that was chosen does not work. `message` says what to do next. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
}

/** Finds a way to start the server; again at each start, since the machine may have changed. */
export interface Launcher extends Disposable {
  /** @throws {LaunchError} when there is none. */
  find(): Promise<Launch>;
}
