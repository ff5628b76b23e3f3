import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import * as vscode from "vscode";

import type { Call, Files, Machine, Outcome, RunOptions } from "./machine";

/** How much of each stream is kept, from its end: an error is printed last. */
const MAX_KEPT_CHARACTERS = 64 * 1024;
/** How long a program may take to stop before it is killed. */
const GRACE_MS = 2_000;

/** The machine that the extension runs on; with Remote-SSH the remote one. */
export const localMachine: Machine = {
  platform: process.platform,
  env: process.env,
  home: homedir(),
  get workspace() {
    return (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  },
  isProgram,
  run,
};

export const localFiles: Files = {
  exists: (path) => fs.access(path).then(() => true, () => false),
  names: (folder) => fs.readdir(folder).catch(() => []),
  makeFolder: async (path) => {
    await fs.mkdir(path, { recursive: true });
  },
  rename: (from, to) => fs.rename(from, to),
  remove: (path) => fs.rm(path, { recursive: true, force: true, maxRetries: 3 }),
  touch: (path) => fs.utimes(path, new Date(), new Date()),
  ageMs: async (path) => Date.now() - (await fs.stat(path)).mtimeMs,
  digest: async (path) => createHash("sha256").update(await fs.readFile(path)).digest("hex").slice(0, 8),
};

async function isProgram(path: string): Promise<boolean> {
  try {
    await fs.access(path, constants.X_OK);
    return (await fs.stat(path)).isFile();
  } catch {
    return false;
  }
}

function run(call: Call, { timeoutMs, signal }: RunOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ kind: "failed", why: "it was stopped" });
      return;
    }
    let child: ChildProcess;
    try {
      child = spawn(call.program, [...call.args], {
        // A workspace's folder could hold modules, settings and programs that would be taken for the user's own.
        cwd: homedir(),
        env: { ...process.env, ...call.env },
        stdio: ["ignore", "pipe", "pipe"],
        // A process group of its own, so that its children are stopped with it.
        detached: process.platform !== "win32",
        windowsHide: true,
        windowsVerbatimArguments: call.verbatim === true,
      });
    } catch (error) {
      resolve({ kind: "failed", why: String(error) });
      return;
    }
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
        texts[name] = (texts[name] + chunk).slice(-MAX_KEPT_CHARACTERS);
      });
    }
    let stopped: string | undefined;
    let force: NodeJS.Timeout | undefined;
    const end = (outcome: Outcome): void => {
      clearTimeout(limit);
      clearTimeout(force);
      signal.removeEventListener("abort", abort);
      resolve(outcome);
    };
    const stop = (why: string): void => {
      stopped ??= why;
      kill(child, "SIGTERM");
      force = setTimeout(() => {
        kill(child, "SIGKILL");
        // A child outside of the group may hold the streams open, so their end is not awaited.
        end({ kind: "failed", why });
      }, GRACE_MS);
    };
    const abort = (): void => stop("it was stopped");
    const limit = setTimeout(() => stop(`it took longer than ${timeoutMs / 1000} s`), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    child.once("error", (error) => end({ kind: "failed", why: error.message }));
    child.once("close", (code, name) => {
      const why = stopped ?? (code === null ? `it was ended by ${name}` : undefined);
      end(why === undefined && code !== null ? { kind: "exited", code, ...texts } : { kind: "failed", why: why ?? "" });
    });
  });
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  if (process.platform === "win32") {
    const taskkill = join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "taskkill.exe");
    spawn(taskkill, ["/T", "/F", "/PID", String(child.pid)], { stdio: "ignore", windowsHide: true }).on("error", () => {
      child.kill();
    });
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
}
