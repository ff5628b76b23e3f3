import { posix, win32 } from "node:path";

import type { Call, Machine } from "./machine";

/** Where users' own programs are, beside PATH: an editor that was not started from a terminal has a short one. */
export function usualFolders(machine: Machine): readonly string[] {
  const { join } = paths(machine);
  if (machine.platform === "win32") {
    const links = machine.env["LOCALAPPDATA"];
    return [
      join(machine.home, ".local", "bin"),
      join(machine.home, ".cargo", "bin"),
      ...(links === undefined ? [] : [join(links, "Microsoft", "WinGet", "Links")]),
    ];
  }
  return [
    join(machine.home, ".local", "bin"),
    join(machine.home, ".cargo", "bin"),
    "/opt/homebrew/bin",
    "/usr/local/bin",
  ];
}

/** The folders of PATH. One that is relative would mean the folder a program happens to run in, so it is left out. */
export function pathFolders(machine: Machine): readonly string[] {
  const { delimiter, isAbsolute } = paths(machine);
  const name = Object.keys(machine.env).find((key) =>
    machine.platform === "win32" ? key.toUpperCase() === "PATH" : key === "PATH",
  );
  const value = name === undefined ? "" : (machine.env[name] ?? "");
  return value.split(delimiter).filter((folder) => isAbsolute(folder));
}

/** The programs of this name in the folders, in their order, none twice. */
export async function locate(machine: Machine, name: string, folders: readonly string[]): Promise<readonly string[]> {
  const { join } = paths(machine);
  const found = new Set<string>();
  for (const folder of folders) {
    for (const file of fileNames(machine, name)) {
      const path = join(folder, file);
      if (!found.has(path) && (await machine.isProgram(path))) {
        found.add(path);
        break;
      }
    }
  }
  return [...found];
}

/**
 * What a setting names: a path, `~` for the user's folder, or a name that is looked up in PATH and the usual folders.
 * Nothing for a path that is relative: what it means would depend on the workspace.
 */
export async function resolve(machine: Machine, named: string): Promise<string | undefined> {
  const { isAbsolute, join } = paths(machine);
  const path = /^~[/\\]/.test(named) ? join(machine.home, named.slice(2)) : named;
  if (isAbsolute(path)) {
    const { dir, base } = paths(machine).parse(path);
    return (await locate(machine, base, [dir]))[0];
  }
  if (/[/\\]/.test(path) || path === "") {
    return undefined;
  }
  return (await locate(machine, path, [...pathFolders(machine), ...usualFolders(machine)]))[0];
}

/**
 * The call of a program. Windows runs scripts (`.cmd`, `.bat`) through its command interpreter only, which reads the
 * arguments once more: all are quoted for it. Nothing where that cannot be done, which is with quotes, percent signs,
 * line ends, and a backslash at the end of a word.
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
  // Delayed expansion is off, or an exclamation mark would have a meaning; /s takes off the outer quotes only.
  return { program: interpreter, args: ["/d", "/v:off", "/s", "/c", `"${line}"`], verbatim: true };
}

/** The rules for paths on this machine. */
export function paths(machine: Machine): typeof posix {
  return machine.platform === "win32" ? win32 : posix;
}

function fileNames(machine: Machine, name: string): readonly string[] {
  if (machine.platform !== "win32" || /\.(exe|com|cmd|bat)$/i.test(name)) {
    return [name];
  }
  return [".exe", ".com", ".cmd", ".bat"].map((ending) => name + ending);
}
