import * as vscode from "vscode";

/** How the server is started, and why in this way. */
export interface Launch {
  readonly command: string;
  /** All arguments, `serve` included. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments are already quoted for Windows' command interpreter, and must not be quoted again. */
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

/** A program to install that would help: the button's label, and the page it opens. */
export interface Remedy {
  readonly label: string;
  readonly url: string;
}

/** The user stopped the installation. No start is tried again until the user restarts the server. */
export class LaunchCancelled extends LaunchError {}

/** The server has to be installed first, and the user has done nothing yet that needs it. */
export class LaunchPostponed extends LaunchError {}

/** The server ended while a request was under way. */
export class ServerEndedError extends Error {
  override readonly name = "ServerEndedError";

  constructor() {
    super(vscode.l10n.t("The Modelport server ended during this request. It is being started again: try again."));
  }
}

/** Finds a way to start the server; again at each start, since the machine may have changed. */
export interface Launcher {
  /**
   * @param signal ends the search, and whatever it is installing.
   * @param mayInstall whether the user has done something that needs the server, so that it may be installed.
   * @throws {LaunchPostponed} when there is none without an installation, and it may not be installed.
   * @throws {LaunchError} when there is none.
   */
  find(signal: AbortSignal, mayInstall: () => boolean): Promise<Launch>;
}
