import type { Launch } from "./launch";
import type { Files, Machine, Outcome } from "./machine";
import { type Version, versionIn } from "./versions";

/** The wheel inside the extension. */
export interface Wheel {
  readonly path: string;
  /** As its file name has it. */
  readonly version: string;
}

/** Where private environments are kept. */
export interface Environments {
  readonly folder: string;
  readonly files: Files;
  /** A few random characters, for the name of a folder that no other process uses. */
  mark(): string;
}

/** Everything a search for a way to start the server looks at. */
export interface Search {
  readonly machine: Machine;
  readonly environments: Environments;
  /** The extension's own. */
  readonly version: Version;
  readonly wheel: Wheel | undefined;
  /** The values of the machine's settings, as they were written. */
  readonly settings: { readonly command: unknown; readonly uv: unknown };
  readonly signal: AbortSignal;
  /** Tells the log what was passed over, and why. */
  passOver(line: string): void;
  /**
   * Installs something, which may take minutes, in sight of the user, who may stop it.
   *
   * @throws {LaunchCancelled} they did.
   * @throws {LaunchPostponed} they have asked for nothing that needs it.
   */
  inSight<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** What came of one way: the launch, or what went wrong with it if that is worth telling. */
export type Attempt = { readonly launch: Launch } | { readonly problem?: string };

/** How long a program may take to say its version: the first start after an installation reads a lot from the disk. */
export const VERSION_TIMEOUT_MS = 30_000;

/** What went wrong, on one line: what a program said is the error, or the last that it said, or how it ended. */
export function failure(outcome: Outcome): string {
  if (outcome.kind === "failed") {
    return outcome.why;
  }
  const lines = `${outcome.stdout}\n${outcome.stderr}`.split("\n").map((line) => line.trim());
  const said = lines.find((line) => /^error\b/i.test(line)) ?? lines.filter((line) => line !== "").at(-1);
  return `${(said ?? "it said nothing").slice(0, 300)} (exit code ${outcome.code})`;
}

/** The version a server says it has; nothing if this is no server of ours. */
export function serverVersion(outcome: Outcome): Version | undefined {
  return outcome.kind === "exited" && outcome.code === 0 && /^modelport\b/m.test(outcome.stdout)
    ? versionIn(outcome.stdout)
    : undefined;
}
