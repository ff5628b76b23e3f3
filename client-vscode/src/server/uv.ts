import * as vscode from "vscode";

import { callOf, locate, pathFolders, resolve, usualFolders } from "./programs";
import { type Attempt, failure, type Search, serverVersion, VERSION_TIMEOUT_MS } from "./search";
import { compare, type Version, versionIn } from "./versions";

/** The first with `uv tool run`. */
const OLDEST: Version = [0, 3, 0];
/** The dependencies have some ten megabytes, and a Python may have to come too. */
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
const PYTHON = ">=3.11";

/** The server from the extension's wheel, with uv: from its cache if everything is there, or else from the network. */
export async function fromWheel(search: Search): Promise<Attempt> {
  const { machine, wheel } = search;
  if (wheel === undefined) {
    search.passOver("uv and Python are passed over: this build of the extension has no server inside.");
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
      search.passOver(`${uv.path} is passed over: it, or the wheel, has a path that cannot be given to it.`);
      return {};
    }
    const offline = network.length > 0;
    // Asked for its version first: this installs what is missing, and the server itself is started once.
    const outcome = offline
      ? await machine.run(ask, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal })
      : await search.inSight(vscode.l10n.t("Modelport: installing the server with uv"), (signal) =>
          machine.run(ask, { timeoutMs: DOWNLOAD_TIMEOUT_MS, signal }),
        );
    if (serverVersion(outcome) !== undefined) {
      const how = offline ? "from its cache" : "after a look at the network";
      const reason = `The server is the extension's own, version ${wheel.version}, run by ${uv.path} ${uv.version.join(".")} ${how}.`;
      const { program, args, verbatim } = serve;
      return { launch: { command: program, args, reason, ...(verbatim === undefined ? {} : { verbatim }) } };
    }
    problem = failure(outcome);
    search.passOver(`${uv.path} cannot run the server ${offline ? "offline" : "online"}: ${problem}.`);
    if (search.signal.aborted) {
      break;
    }
  }
  return { problem };
}

/** The first uv that is new enough. */
async function workingUv(search: Search): Promise<{ path: string; version: Version } | undefined> {
  const { machine, settings } = search;
  const candidates: string[] = [];
  if (typeof settings.uv === "string" && settings.uv.trim() !== "") {
    const path = await resolve(machine, settings.uv.trim());
    if (path === undefined) {
      search.passOver(`The setting modelport.uv.path is passed over: ${JSON.stringify(settings.uv)} is no program.`);
    } else {
      candidates.push(path);
    }
  }
  candidates.push(...(await locate(machine, "uv", [...usualFolders(machine), ...pathFolders(machine)])));
  if (candidates.length === 0) {
    search.passOver("There is no uv in PATH, nor in the usual folders.");
  }
  for (const path of new Set(candidates)) {
    const ask = callOf(machine, path, ["--version"]);
    if (ask === undefined) {
      search.passOver(`${path} is passed over: its path cannot be given to Windows' command interpreter.`);
      continue;
    }
    const outcome = await machine.run(ask, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal });
    const ok = outcome.kind === "exited" && outcome.code === 0 && /^uv\b/.test(outcome.stdout);
    const version = ok ? versionIn(outcome.stdout) : undefined;
    if (version === undefined) {
      search.passOver(`${path} is passed over: it does not say its version: ${failure(outcome)}.`);
    } else if (compare(version, OLDEST) < 0) {
      search.passOver(`${path} is passed over: it is version ${version.join(".")}, and ${OLDEST.join(".")} or later is needed.`);
    } else {
      return { path, version };
    }
  }
  return undefined;
}
