import * as vscode from "vscode";

import { callOf, locate, pathFolders, resolve, usualFolders } from "./programs";
import { type Attempt, failure, type Search, serverVersion, VERSION_TIMEOUT_MS } from "./search";
import { compare, type Version, versionIn } from "./versions";

/** The first version with `uv tool run`. */
const MIN_VERSION: Version = [0, 3, 0];
/** The dependencies have some ten megabytes, and a Python may have to be downloaded as well. */
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
const PYTHON = ">=3.11";

/** Runs the extension's wheel with uv: offline if uv's cache has everything, else with downloads. */
export async function fromWheel(search: Search): Promise<Attempt> {
  const { machine, wheel } = search;
  if (wheel === undefined) {
    search.reject("uv and Python are not tried: this build of the extension has no server inside.");
    return {};
  }
  const uv = await workingUv(search);
  if (uv === undefined) {
    return {};
  }
  const callTo = (network: readonly string[], ...args: string[]) =>
    callOf(machine, uv.path, ["tool", "run", ...network, "--python", PYTHON, "--from", wheel.path, "modelport", ...args]);
  let problem = "";
  for (const network of [["--offline"], []] as const) {
    const [ask, serve] = [callTo(network, "--version"), callTo(network, "serve")];
    if (ask === undefined || serve === undefined) {
      search.reject(`${uv.path} is rejected: it, or the wheel, has a path that cannot be given to it.`);
      return {};
    }
    const offline = network.length > 0;
    // `--version` first: it installs what is missing, so that the server itself is started only once.
    const outcome = offline
      ? await machine.run(ask, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal })
      : await search.withProgress(vscode.l10n.t("Modelport: installing the server with uv"), (signal) =>
          machine.run(ask, { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal }),
        );
    if (serverVersion(outcome) !== undefined) {
      const how = offline ? "from its cache" : "after a look at the network";
      const reason = `The server is the extension's own, version ${wheel.version}, run by ${uv.path} ${uv.version.join(".")} ${how}.`;
      const { program, args, verbatim } = serve;
      return { launch: { command: program, args, reason, ...(verbatim === undefined ? {} : { verbatim }) } };
    }
    problem = failure(outcome);
    search.reject(`${uv.path} cannot run the server ${offline ? "offline" : "online"}: ${problem}.`);
    if (search.signal.aborted) {
      break;
    }
  }
  return { problem };
}

/** The first uv that is new enough; logs why the others are not used. */
async function workingUv(search: Search): Promise<{ path: string; version: Version } | undefined> {
  const { machine, settings } = search;
  const candidates: string[] = [];
  if (typeof settings.uv === "string" && settings.uv.trim() !== "") {
    const path = await resolve(machine, settings.uv.trim());
    if (path === undefined) {
      search.reject(`The setting modelport.uv.path is ignored: ${JSON.stringify(settings.uv)} is no program.`);
    } else {
      candidates.push(path);
    }
  }
  candidates.push(...(await locate(machine, "uv", [...usualFolders(machine), ...pathFolders(machine)])));
  if (candidates.length === 0) {
    search.reject("There is no uv in PATH, nor in the usual folders.");
  }
  for (const path of new Set(candidates)) {
    const ask = callOf(machine, path, ["--version"]);
    if (ask === undefined) {
      search.reject(`${path} is rejected: its path cannot be given to Windows' command interpreter.`);
      continue;
    }
    const outcome = await machine.run(ask, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal });
    const ok = outcome.kind === "exited" && outcome.code === 0 && /^uv\b/.test(outcome.stdout);
    const version = ok ? versionIn(outcome.stdout) : undefined;
    if (version === undefined) {
      search.reject(`${path} is rejected: it does not say its version: ${failure(outcome)}.`);
    } else if (compare(version, MIN_VERSION) < 0) {
      search.reject(`${path} is rejected: it is version ${version.join(".")}, and ${MIN_VERSION.join(".")} or later is needed.`);
    } else {
      return { path, version };
    }
  }
  return undefined;
}
