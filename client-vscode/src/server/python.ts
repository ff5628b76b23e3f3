import { callOf, locate, pathFolders, usualFolders } from "./programs";
import { failure, type Search, VERSION_TIMEOUT_MS } from "./search";
import { compare, type Version, versionIn } from "./versions";

/** A Python that can make environments. */
export interface Interpreter {
  readonly program: string;
  /** The first arguments of each call: `-3` for Windows' launcher. */
  readonly args: readonly string[];
  readonly version: Version;
}

const MIN_VERSION: Version = [3, 11, 0];
/** Run isolated: neither the user's modules nor variables change the result. Debian's Python may lack ensurepip. */
const PROBE = "import ensurepip, sys, venv; print('%d.%d.%d' % sys.version_info[:3])";

/**
 * The first Python 3.11 or later in PATH and the usual folders. The one that is selected in the Python extension is not
 * used, because a workspace can set it and must not decide what is run.
 */
export async function interpreter(search: Search): Promise<Interpreter | undefined> {
  const { machine } = search;
  for (const { program, args } of await candidates(search)) {
    const call = callOf(machine, program, [...args, "-I", "-c", PROBE]);
    if (call === undefined || call.verbatim === true) {
      search.reject(`${program} is rejected: it is a script.`);
      continue;
    }
    const outcome = await machine.run(call, { timeoutMs: VERSION_TIMEOUT_MS, signal: search.signal });
    const version = outcome.kind === "exited" && outcome.code === 0 ? versionIn(outcome.stdout) : undefined;
    if (version === undefined) {
      search.reject(`${program} is rejected: it cannot make environments: ${failure(outcome)}.`);
    } else if (compare(version, MIN_VERSION) < 0) {
      search.reject(`${program} is rejected: it is Python ${version.join(".")}, and 3.11 or later is needed.`);
    } else {
      return { program, args, version };
    }
  }
  search.reject("There is no Python 3.11 or later that works in PATH, nor in the usual folders.");
  return undefined;
}

async function candidates({ machine }: Search): Promise<readonly { program: string; args: readonly string[] }[]> {
  const folders = [...pathFolders(machine), ...usualFolders(machine)];
  const named = async (name: string, ...args: string[]) =>
    (await locate(machine, name, folders)).map((program) => ({ program, args }));
  if (machine.platform === "win32") {
    return [...(await named("py", "-3")), ...(await named("python")), ...(await named("python3"))];
  }
  const names = ["python3.13", "python3.12", "python3.11", "python3.14", "python3", "python"];
  const found = (await Promise.all(names.map((name) => named(name)))).flat();
  // Apple's own is too old, and opens a dialog where the developer tools are missing.
  return machine.platform === "darwin" ? found.filter(({ program }) => !program.startsWith("/usr/bin/")) : found;
}
