/** A program, its arguments and its environment. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  /** Variables in addition to the editor's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** See `Launch.verbatim`. */
  readonly verbatim?: boolean;
}

/** How a program ended. */
export type Outcome =
  | { readonly kind: "exited"; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** It could not be started, took too long, or was stopped; `why` says which, on one line. */
  | { readonly kind: "failed"; readonly why: string };

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The parts of a machine that the search for a server uses; tests have a table. Paths are absolute. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The open folders. What lies in them came with a project, so no program is searched there. */
  readonly workspace: readonly string[];
  /** Whether the path is a file that may be executed. */
  isProgram(path: string): Promise<boolean>;
  /** Runs a program to its end, without a shell, in the user's folder. Never throws. */
  run(call: Call, options: RunOptions): Promise<Outcome>;
}

/** The files of the private environment. All throw what the file system throws. */
export interface Files {
  exists(path: string): Promise<boolean>;
  /** The names in a folder; none if it does not exist. */
  names(folder: string): Promise<readonly string[]>;
  makeFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with everything in it, if it exists. */
  remove(path: string): Promise<void>;
  /** Sets the time of the last change to now. */
  touch(path: string): Promise<void>;
  /** Milliseconds since the file or folder was changed. */
  ageMs(path: string): Promise<number>;
  /** The first eight hexadecimal digits of the content's SHA-256. */
  digest(path: string): Promise<string>;
}
