import * as vscode from "vscode";

import { paths } from "./programs";
import type { Interpreter } from "./python";
import { failure, type Search, serverVersion, VERSION_TIMEOUT_MS, type Wheel } from "./search";
import { versionIn } from "./versions";

const MAKE_TIMEOUT_MS = 3 * 60_000;
const INSTALL_TIMEOUT_MS = 15 * 60_000;
/** A half made environment that is older is a leftover: no process is still making it. */
const MAX_BUILD_MS = 60 * 60_000;
/** A server of another window may still run from an old environment, and load modules from it. */
const MAX_UNUSED_MS = 7 * 24 * 60 * 60_000;

/**
 * The Python of the private environment that holds the wheel; makes the environment if it is missing or does not work.
 * It is called as `python -m modelport`, never by the scripts in it, which have the name of the folder it was made in.
 *
 * @throws {LaunchCancelled} the user stopped it.
 */
export async function environmentPython(
  search: Search,
  wheel: Wheel,
  base: Interpreter,
): Promise<{ python: string } | { problem: string }> {
  const { folder, files, mark } = search.environments;
  // With the digest, because two builds of one version differ.
  const key = `${wheel.version}-${await files.digest(wheel.path)}-${base.version.slice(0, 2).join(".")}`;
  const whole = paths(search.machine).join(folder, key);
  if (await files.exists(whole)) {
    if (await works(search, whole, wheel)) {
      await files.touch(whole);
      await tidy(search, key);
      return { python: pythonIn(search, whole) };
    }
    if (search.signal.aborted) {
      return { problem: "it was stopped" };
    }
    search.reject(`The private environment ${whole} does not work, and is made again.`);
    await files.remove(whole);
  }
  const aside = `${whole}.${mark()}`;
  try {
    await files.makeFolder(folder);
    const problem = await search.withProgress(vscode.l10n.t("Modelport: installing the server with Python"), (signal) =>
      make(search, aside, wheel, base, signal),
    );
    if (problem !== undefined) {
      return { problem };
    }
    await files.rename(aside, whole).catch(async (error: unknown) => {
      // Another window may have been faster.
      if (!(await works(search, whole, wheel))) {
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof Error && "code" in error) {
      return { problem: error.message };
    }
    throw error;
  } finally {
    await files.remove(aside).catch(() => undefined);
  }
  await tidy(search, key);
  return { python: pythonIn(search, whole) };
}

async function make(
  search: Search,
  aside: string,
  wheel: Wheel,
  base: Interpreter,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { machine } = search;
  const venv = { program: base.program, args: [...base.args, "-I", "-m", "venv", aside] };
  const made = await machine.run(venv, { timeoutMs: MAKE_TIMEOUT_MS, signal });
  if (made.kind === "failed" || made.code !== 0) {
    return failure(made);
  }
  const pip = {
    program: pythonIn(search, aside),
    args: ["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--prefer-binary", wheel.path],
  };
  const installed = await machine.run(pip, { timeoutMs: INSTALL_TIMEOUT_MS, signal });
  if (installed.kind === "failed" || installed.code !== 0) {
    return failure(installed);
  }
  return (await works(search, aside, wheel)) ? undefined : "the server does not start from its new environment";
}

async function works(search: Search, environment: string, wheel: Wheel): Promise<boolean> {
  const call = { program: pythonIn(search, environment), args: ["-I", "-m", "modelport", "--version"] };
  const outcome = await search.machine.run(call, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal });
  return String(serverVersion(outcome)) === String(versionIn(wheel.version));
}

/** Removes the environments that are no longer used; one that cannot be removed is left. */
async function tidy({ environments: { folder, files }, machine }: Search, key: string): Promise<void> {
  for (const name of await files.names(folder)) {
    const path = paths(machine).join(folder, name);
    const limit = /\.[0-9a-f]{6}$/.test(name) ? MAX_BUILD_MS : MAX_UNUSED_MS;
    try {
      if (name !== key && (await files.ageMs(path)) > limit) {
        await files.remove(path);
      }
    } catch {
      // Another process removes it, or holds it open.
    }
  }
}

function pythonIn({ machine }: Search, environment: string): string {
  const path = paths(machine);
  return machine.platform === "win32"
    ? path.join(environment, "Scripts", "python.exe")
    : path.join(environment, "bin", "python");
}
