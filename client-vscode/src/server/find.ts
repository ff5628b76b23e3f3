import * as vscode from "vscode";

import { environmentPython } from "./environment";
import { type Launch, LaunchCancelled, LaunchError } from "./launch";
import type { Call } from "./machine";
import { callOf, locate, pathFolders, resolve, usualFolders } from "./programs";
import { interpreter } from "./python";
import { type Attempt, failure, type Search, serverVersion, VERSION_TIMEOUT_MS } from "./search";
import { fromWheel } from "./uv";
import { isNewEnough } from "./versions";

const UV_PAGE = "https://docs.astral.sh/uv/getting-started/installation/";

/**
 * The way to start the server: what the setting says, or else the first that works of the installed server, uv, and
 * Python with a private environment.
 *
 * @throws {LaunchError} when nothing works.
 */
export async function findLaunch(search: Search): Promise<Launch> {
  const chosen = await bySetting(search);
  if (chosen !== undefined) {
    return chosen;
  }
  let problem: string | undefined;
  for (const way of [installed, fromWheel, fromEnvironment]) {
    const attempt = await way(search);
    if (search.signal.aborted) {
      throw new LaunchCancelled(vscode.l10n.t("The start of the Modelport server was stopped."));
    }
    if ("launch" in attempt) {
      return attempt.launch;
    }
    problem = attempt.problem ?? problem;
  }
  if (problem !== undefined) {
    throw new LaunchError(
      vscode.l10n.t(
        "The Modelport server could not be installed: {0}. Check the network and the proxy, or say in the setting modelport.server.command how it is started.",
        problem,
      ),
    );
  }
  throw new LaunchError(
    vscode.l10n.t(
      "No way to start the Modelport server was found on this machine. Install uv, or Python 3.11 or later, or say in the setting modelport.server.command how it is started.",
    ),
    { remedy: { label: vscode.l10n.t("Install uv"), url: UV_PAGE } },
  );
}

async function bySetting({ machine, settings }: Search): Promise<Launch | undefined> {
  const words = settings.command;
  if (words === undefined || words === null || (Array.isArray(words) && words.length === 0)) {
    return undefined;
  }
  if (!Array.isArray(words) || !words.every((word): word is string => typeof word === "string")) {
    throw new LaunchError(
      vscode.l10n.t("The setting modelport.server.command has to be a list of strings: a program and its arguments."),
    );
  }
  const [named = "", ...args] = words;
  const program = await resolve(machine, named);
  if (program === undefined) {
    throw new LaunchError(
      vscode.l10n.t(
        "The setting modelport.server.command names {0}, which is not a program on this machine. Name a program in PATH, or one by its full path.",
        JSON.stringify(named),
      ),
    );
  }
  // Many users write the whole command, as they do in a terminal.
  const call = callOf(machine, program, args.at(-1) === "serve" ? args : [...args, "serve"]);
  if (call === undefined) {
    throw new LaunchError(
      vscode.l10n.t(
        "The setting modelport.server.command cannot be run safely on Windows: its program is a script, and one of its words has a quote, a percent sign, a line end, or a backslash at its end.",
      ),
    );
  }
  return launch(call, `The server is ${program}, because the setting modelport.server.command says so.`);
}

async function installed(search: Search): Promise<Attempt> {
  const { machine } = search;
  const programs = await locate(machine, "modelport", [...pathFolders(machine), ...usualFolders(machine)]);
  if (programs.length === 0) {
    search.reject("There is no modelport in PATH, nor in the usual folders.");
  }
  for (const program of programs) {
    const [ask, serve] = [callOf(machine, program, ["--version"]), callOf(machine, program, ["serve"])];
    if (ask === undefined || serve === undefined) {
      search.reject(`${program} is rejected: its path cannot be given to Windows' command interpreter.`);
      continue;
    }
    const outcome = await machine.run(ask, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal });
    const version = serverVersion(outcome);
    if (version === undefined) {
      search.reject(`${program} is rejected: it does not say its version: ${failure(outcome)}.`);
    } else if (!isNewEnough(version, search.version)) {
      search.reject(
        `${program} is rejected: it is version ${version.join(".")}, and the extension, ${search.version.join(".")}, needs ${search.version.slice(0, 2).join(".")} or later.`,
      );
    } else {
      return { launch: launch(serve, `The server is ${program}, version ${version.join(".")}, which is installed.`) };
    }
  }
  return {};
}

async function fromEnvironment(search: Search): Promise<Attempt> {
  const { wheel } = search;
  if (wheel === undefined) {
    return {};
  }
  const base = await interpreter(search);
  if (base === undefined) {
    return {};
  }
  const made = await environmentPython(search, wheel, base);
  if ("problem" in made) {
    search.reject(`Python ${base.version.join(".")} is rejected: ${made.problem}.`);
    return made;
  }
  return {
    launch: {
      command: made.python,
      args: ["-I", "-m", "modelport", "serve"],
      reason: `The server is the extension's own, version ${wheel.version}, in its private environment of Python ${base.version.join(".")}.`,
    },
  };
}

function launch({ program, args, verbatim }: Call, reason: string): Launch {
  return { command: program, args, reason, ...(verbatim === undefined ? {} : { verbatim }) };
}
