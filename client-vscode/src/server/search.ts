import type { Launch } from "./launch";
import type { Files, Machine, Outcome } from "./machine";
import { type Version, versionIn } from "./versions";

/** The wheel inside the extension. */
export interface Wheel {
  readonly path: string;
  /** The version in its file name. */
  readonly version: string;
}

/** Where private environments are kept. */
export interface Environments {
  readonly folder: string;
  readonly files: Files;
  /** A few random characters, for the name of a folder that no other process uses. */
  readonly mark: () => string;
}

/** The input of a search for a way to start the server. */
export interface Search {
  readonly machine: Machine;
  readonly environments: Environments;
  /** The extension's version. */
  readonly version: Version;
  readonly wheel: Wheel | undefined;
  /** The values of the machine's settings, unchecked. */
  readonly settings: { readonly command: unknown; readonly uv: unknown };
  readonly signal: AbortSignal;
  /** Logs why a program, or a way to start the server, cannot be used. */
  reject(reason: string): void;
  /**
   * Runs an installation, which may take minutes, with a progress notification that can cancel it.
   *
   * @throws {LaunchCancelled} the user cancelled it.
   * @throws {LaunchPostponed} the user has done nothing yet that needs the server.
   */
  withProgress<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** The result of one way to start the server: the launch, or the problem, if there is one to report. */
export type Attempt = { readonly launch: Launch } | { readonly problem?: string };

/** How long `--version` may take: the first start after an installation reads a lot from the disk. */
export const VERSION_TIMEOUT_MS = 30_000;

/** Why a program failed, on one line: its first line that begins with "error", else its last one, and its exit code. */
export function failure(outcome: Outcome): string {
  if (outcome.kind === "failed") {
    return outcome.why;
  }
  const lines = `${outcome.stdout}\n${outcome.stderr}`.split("\n").map((line) => line.trim());
  const line = lines.find((one) => /^error\b/i.test(one)) ?? lines.filter((one) => one !== "").at(-1);
  return `${(line ?? "it printed nothing").slice(0, 300)} (exit code ${outcome.code})`;
}

/** The version in the output of `modelport --version`; undefined if the program is not Modelport's server. */
export function serverVersion(outcome: Outcome): Version | undefined {
  return outcome.kind === "exited" && outcome.code === 0 && /^modelport\b/m.test(outcome.stdout)
    ? versionIn(outcome.stdout)
    : undefined;
}
