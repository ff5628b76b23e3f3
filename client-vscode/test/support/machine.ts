import { posix } from "node:path";

import { LaunchCancelled } from "../../src/server/launch";
import type { Call, Files, Machine, Outcome } from "../../src/server/machine";
import type { Search } from "../../src/server/search";

/** What a program says to its arguments; nothing for one that does not know them. */
export type Program = (line: string, call: Call) => Outcome | undefined;

export function said(stdout: string, code = 0, stderr = ""): Outcome {
  return { kind: "exited", code, stdout, stderr };
}

/** A file system that is a table: the time of the last change of each folder. */
export class Folders implements Files {
  readonly ages = new Map<string, number>();
  readonly removed: string[] = [];
  renameFails: (() => void) | undefined;

  async exists(path: string): Promise<boolean> {
    return this.ages.has(path);
  }

  async names(folder: string): Promise<readonly string[]> {
    return [...this.ages.keys()].filter((path) => posix.dirname(path) === folder).map((path) => posix.basename(path));
  }

  async makeFolder(path: string): Promise<void> {
    this.ages.set(path, 0);
  }

  async rename(from: string, to: string): Promise<void> {
    this.renameFails?.();
    this.ages.delete(from);
    this.ages.set(to, 0);
  }

  async remove(path: string): Promise<void> {
    if (this.ages.delete(path)) {
      this.removed.push(path);
    }
  }

  async touch(path: string): Promise<void> {
    this.ages.set(path, 0);
  }

  async ageMs(path: string): Promise<number> {
    return this.ages.get(path) ?? Number.NaN;
  }

  async digest(): Promise<string> {
    return "0123abcd";
  }
}

export interface Made {
  readonly search: Search;
  readonly folders: Folders;
  /** What was run: the program and its arguments. */
  readonly ran: string[];
  readonly rejected: string[];
  /** The titles of the progress notifications. */
  readonly shown: string[];
}

/** A search on a machine with these programs. */
export function searchOn(
  programs: Record<string, Program>,
  with_: {
    platform?: NodeJS.Platform;
    env?: Record<string, string>;
    settings?: Partial<Search["settings"]>;
    wheel?: boolean;
    cancel?: boolean;
    workspace?: readonly string[];
    signal?: AbortSignal;
  } = {},
): Made {
  const { platform = "linux", env = { PATH: "/usr/bin" }, settings = {}, wheel = true } = with_;
  const signal = with_.signal ?? new AbortController().signal;
  const [ran, rejected, shown]: string[][] = [[], [], []];
  const folders = new Folders();
  const machine: Machine = {
    platform,
    env,
    home: platform === "win32" ? "C:\\Users\\ann" : "/home/ann",
    workspace: with_.workspace ?? [],
    isProgram: async (path) => path in programs,
    run: async (call) => {
      const line = call.args.join(" ");
      ran?.push(`${call.program} ${line}`);
      return programs[call.program]?.(line, call) ?? said("", 2, "no such option");
    },
  };
  const search: Search = {
    machine,
    environments: { folder: "/storage/env", files: folders, mark: () => "abcdef" },
    version: [0, 1, 0],
    wheel: wheel ? { path: "/ext/modelport-0.1.0-py3-none-any.whl", version: "0.1.0" } : undefined,
    settings: { command: [], uv: "", ...settings },
    signal,
    reject: (line) => void rejected?.push(line),
    withProgress: async (title, work) => {
      shown?.push(title);
      const done = await work(signal);
      if (with_.cancel === true) {
        throw new LaunchCancelled("Cancelled.");
      }
      return done;
    },
  };
  return { search, folders, ran: ran ?? [], rejected: rejected ?? [], shown: shown ?? [] };
}
