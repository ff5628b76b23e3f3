import { posix, win32 } from "node:path";

import type { Call, Machine } from "./machine";

/** Usual folders of users' programs: an editor that was not started from a terminal often lacks them in its PATH. */
export function usualFolders(machine: Machine): readonly string[] {
  const path = paths(machine);
  const own = [path.join(machine.home, ".local", "bin"), path.join(machine.home, ".cargo", "bin")];
  if (machine.platform !== "win32") {
    return [...own, "/opt/homebrew/bin", "/usr/local/bin"];
  }
  const links = machine.env["LOCALAPPDATA"];
  return links === undefined ? own : [...own, path.join(links, "Microsoft", "WinGet", "Links")];
}

/**
 * The absolute folders of PATH outside of the workspace. A relative one would depend on the current folder, and what
 * lies in the workspace may be somebody else's, so they are left out.
 */
export function pathFolders(machine: Machine): readonly string[] {
  const path = paths(machine);
  const name = Object.keys(machine.env).find((key) =>
    machine.platform === "win32" ? key.toUpperCase() === "PATH" : key === "PATH",
  );
  const value = name === undefined ? "" : (machine.env[name] ?? "");
  return value.split(path.delimiter).filter((folder) => path.isAbsolute(folder) && !inWorkspace(machine, folder));
}

/** Whether a folder lies in the workspace. The user's own folder, and what holds it, is no workspace. */
function inWorkspace(machine: Machine, folder: string): boolean {
  return machine.workspace.some((open) => !isInside(machine, machine.home, open) && isInside(machine, folder, open));
}

function isInside(machine: Machine, folder: string, other: string): boolean {
  const way = paths(machine).relative(other, folder);
  return way === "" || !(way === ".." || /^\.\.[/\\]/.test(way) || paths(machine).isAbsolute(way));
}

/** The paths of the programs of this name, in the order of the folders, each once. */
export async function locate(machine: Machine, name: string, folders: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const folder of folders) {
    for (const file of fileNames(machine, name)) {
      const path = paths(machine).join(folder, file);
      if (!found.has(path) && (await machine.isProgram(path))) {
        found.add(path);
        break;
      }
    }
  }
  return [...found];
}

/**
 * The program that a setting names: a path, also one that begins with `~`, or a name that is looked up in PATH and the
 * usual folders. undefined for a relative path, which would depend on the workspace.
 */
export async function resolve(machine: Machine, named: string): Promise<string | undefined> {
  const path = paths(machine);
  const program = /^~[/\\]/.test(named) ? path.join(machine.home, named.slice(2)) : named;
  if (path.isAbsolute(program)) {
    const { dir, base } = path.parse(program);
    return (await locate(machine, base, [dir]))[0];
  }
  if (/[/\\]/.test(program) || program === "") {
    return undefined;
  }
  return (await locate(machine, program, [...pathFolders(machine), ...usualFolders(machine)]))[0];
}

/**
 * How a program is called. Windows runs scripts (`.cmd`, `.bat`) only through its command interpreter, which parses the
 * arguments again, so each is quoted for it. undefined where they cannot be quoted: with a quote, a percent sign, a
 * line end, or a backslash at the end of a word.
 */
export function callOf(machine: Machine, program: string, args: readonly string[]): Call | undefined {
  if (machine.platform !== "win32" || !/\.(cmd|bat)$/i.test(program)) {
    return { program, args };
  }
  if ([program, ...args].some((word) => /["%\r\n]|\\$/.test(word))) {
    return undefined;
  }
  const line = [program, ...args].map((word) => `"${word}"`).join(" ");
  const root = machine.env["SystemRoot"] ?? "C:\\Windows";
  const interpreter = win32.join(root, "System32", "cmd.exe");
  // /v:off so that an exclamation mark has no meaning; /s removes the outer quotes only.
  return { program: interpreter, args: ["/d", "/v:off", "/s", "/c", `"${line}"`], verbatim: true };
}

/** Node's path functions for this machine's platform. */
export function paths(machine: Machine): typeof posix {
  return machine.platform === "win32" ? win32 : posix;
}

function fileNames(machine: Machine, name: string): readonly string[] {
  if (machine.platform !== "win32" || /\.(exe|com|cmd|bat)$/i.test(name)) {
    return [name];
  }
  return [".exe", ".com", ".cmd", ".bat"].map((ending) => name + ending);
}
