import * as vscode from "vscode";

/** How the server is started, and why in this way. */
export interface Launch {
  readonly command: string;
  /** Everything behind the program, `serve` included. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments are quoted for Windows' command interpreter already, and are passed on as they are. */
  readonly verbatim?: boolean;
  /** For the log, as a sentence. */
  readonly reason: string;
}

/** No way to start the server was found, or the one that was chosen does not work. `message` says what to do next. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";

  constructor(
    message: string,
    readonly why: { readonly cause?: unknown; readonly remedy?: Remedy } = {},
  ) {
    super(message, "cause" in why ? { cause: why.cause } : undefined);
  }
}

/** Something to install that would help: what a button says, and the page it opens. */
export interface Remedy {
  readonly label: string;
  readonly url: string;
}

/** The user stopped the installation. Nothing is tried again before they ask for it. */
export class LaunchCancelled extends LaunchError {}

/** The server has to be installed first, and nobody has asked for it yet. */
export class LaunchPostponed extends LaunchError {}

/** The server ended while a request was under way. */
export class ServerEndedError extends Error {
  override readonly name = "ServerEndedError";

  constructor() {
    super(vscode.l10n.t("The Modelport server ended during this request. It is being started again: try again."));
  }
}

/** Finds a way to start the server; again at each start, since the machine may have changed. */
export interface Launcher extends vscode.Disposable {
  /**
   * @param signal ends the search, and whatever it is installing.
   * @param asked whether the user has asked for something that needs the server, and may be shown an installation.
   * @throws {LaunchPostponed} when there is none without an installation, and they have not.
   * @throws {LaunchError} when there is none.
   */
  find(signal: AbortSignal, asked: () => boolean): Promise<Launch>;
}
