import { describe, expect, test } from "vitest";

import { findLaunch } from "../../../src/server/find";
import { LaunchCancelled, LaunchError } from "../../../src/server/launch";
import { type Program, said, searchOn } from "../../support/machine";

const WHEEL = "/ext/modelport-0.1.0-py3-none-any.whl";
const modelport =
  (version: string): Program =>
  (line) =>
    line === "--version" ? said(`modelport, version ${version}\n`) : undefined;
const uv =
  (version: string, { offline = true, online = true } = {}): Program =>
  (line) => {
    if (line === "--version") {
      return said(`uv ${version} (abc 2026-01-01)\n`);
    }
    const works = line.includes("--offline") ? offline : online;
    return works ? said("modelport, version 0.1.0\n") : said("", 1, "Resolving\nerror: no network\n  cause: many\n\nhint: go online\n");
  };
const python =
  (version: string): Program =>
  (line) =>
    line.includes("ensurepip") ? said(`${version}\n`) : said("");
/** The Python of an environment that was made. */
const inEnvironment: Program = (line) => said(line.endsWith("--version") ? "modelport, version 0.1.0\n" : "");
const ASIDE = "/storage/env/0.1.0-0123abcd-3.12.abcdef/bin/python";
const WHOLE = "/storage/env/0.1.0-0123abcd-3.12/bin/python";

describe("the setting", () => {
  test("comes first, and nothing is run to look at it", async () => {
    const { search, ran } = searchOn(
      { "/opt/mp/modelport": modelport("0.0.1"), "/usr/bin/modelport": modelport("0.1.0") },
      { settings: { command: ["/opt/mp/modelport", "--verbose"] } },
    );
    expect(await findLaunch(search)).toEqual({
      command: "/opt/mp/modelport",
      args: ["--verbose", "serve"],
      reason: "The server is /opt/mp/modelport, because the setting modelport.server.command says so.",
    });
    expect(ran).toEqual([]);
  });

  test("may have the word that is added", async () => {
    const { search } = searchOn({ "/opt/mp": modelport("0.1.0") }, { settings: { command: ["/opt/mp", "serve"] } });
    expect((await findLaunch(search)).args).toEqual(["serve"]);
  });

  test("may be a name in PATH or in the user's folder", async () => {
    const programs = { "/usr/bin/mp": modelport("1.0.0"), "/home/ann/x/mp": modelport("1.0.0") };
    expect((await findLaunch(searchOn(programs, { settings: { command: ["mp"] } }).search)).command).toBe("/usr/bin/mp");
    const own = searchOn(programs, { settings: { command: ["~/x/mp"] } });
    expect((await findLaunch(own.search)).command).toBe("/home/ann/x/mp");
  });

  test.each([
    ["a program that is not there", ["/opt/none"], "names \"/opt/none\", which is not a program"],
    ["a path that depends on the workspace", ["./modelport"], "not a program"],
    ["no program", [""], "not a program"],
    ["a text", "modelport serve", "has to be a list of strings"],
    ["numbers", [1], "has to be a list of strings"],
  ])("that is %s is an error, and nothing else is tried", async (_what, command, message) => {
    const { search, ran } = searchOn({ "/usr/bin/modelport": modelport("0.1.0") }, { settings: { command } });
    const failed = findLaunch(search);
    await expect(failed).rejects.toBeInstanceOf(LaunchError);
    await expect(failed).rejects.toThrow(message);
    expect(ran).toEqual([]);
  });

  test("that names a script of Windows is run by its interpreter, all words quoted", async () => {
    const { search } = searchOn(
      { "C:\\my tools\\mp.cmd": modelport("0.1.0") },
      { platform: "win32", env: { Path: "" }, settings: { command: ["C:\\my tools\\mp", "a & b"] } },
    );
    expect(await findLaunch(search)).toMatchObject({
      command: "C:\\Windows\\System32\\cmd.exe",
      args: ["/d", "/v:off", "/s", "/c", '""C:\\my tools\\mp.cmd" "a & b" "serve""'],
      verbatim: true,
    });
  });

  test.each(['a"b', "%PATH%", "a\nb", "a\\"])("is refused for a script of Windows with %j in it", async (word) => {
    const { search } = searchOn(
      { "C:\\mp.cmd": modelport("0.1.0") },
      { platform: "win32", env: {}, settings: { command: ["C:\\mp.cmd", word] } },
    );
    await expect(findLaunch(search)).rejects.toThrow("cannot be run safely on Windows");
  });
});

describe("the installed server", () => {
  test("is taken when it is new enough", async () => {
    const { search } = searchOn({ "/usr/bin/modelport": modelport("0.1.9"), "/usr/bin/uv": uv("0.9.0") });
    expect(await findLaunch(search)).toEqual({
      command: "/usr/bin/modelport",
      args: ["serve"],
      reason: "The server is /usr/bin/modelport, version 0.1.9, which is installed.",
    });
  });

  test("is found where the PATH of an editor does not lead", async () => {
    const { search } = searchOn({ "/home/ann/.local/bin/modelport": modelport("0.2.0") }, { env: {} });
    expect((await findLaunch(search)).command).toBe("/home/ann/.local/bin/modelport");
  });

  test.each([
    ["too old", modelport("0.0.9"), "it is version 0.0.9, and the extension, 0.1.0, needs 0.1 or later"],
    ["something else", () => said("wizard 3.2.1\n"), "it does not say its version: wizard 3.2.1 (exit code 0)"],
    ["broken", () => said("", 1, "Traceback\nImportError: no msgspec\n"), "ImportError: no msgspec (exit code 1)"],
    ["stuck", () => ({ kind: "failed", why: "it took longer than 30 s" }), "it took longer than 30 s"],
  ] satisfies [string, Program, string][])("is rejected when it is %s, for the next one", async (_what, first, why) => {
    const { search, rejected } = searchOn(
      { "/a/modelport": first, "/b/modelport": modelport("0.1.0") },
      { env: { PATH: "/a:/b:/b" } },
    );
    expect((await findLaunch(search)).command).toBe("/b/modelport");
    expect(rejected).toEqual([expect.stringContaining(`/a/modelport is rejected: `)]);
    expect(rejected[0]).toContain(why);
  });

  test("is not looked for in folders that depend on where a program runs", async () => {
    const { search, ran } = searchOn({ "bin/modelport": modelport("0.1.0") }, { env: { PATH: "bin::." }, wheel: false });
    await expect(findLaunch(search)).rejects.toThrow("No way to start");
    expect(ran).toEqual([]);
  });

  test("is not looked for in the workspace, which may be somebody else's", async () => {
    const programs = { "/ws/.venv/bin/modelport": modelport("9.9.9"), "/ws-tools/modelport": modelport("0.1.0") };
    const env = { PATH: "/ws/.venv/bin:/ws:/ws-tools" };
    const { search, ran } = searchOn(programs, { env, workspace: ["/ws"], wheel: false });
    expect((await findLaunch(search)).command).toBe("/ws-tools/modelport");
    expect(ran).toEqual(["/ws-tools/modelport --version"]);
  });

  test("is looked for in the user's folder, also when that is open", async () => {
    const programs = { "/home/ann/bin/modelport": modelport("0.1.0") };
    const { search } = searchOn(programs, { env: { PATH: "/home/ann/bin" }, workspace: ["/home/ann"], wheel: false });
    expect((await findLaunch(search)).command).toBe("/home/ann/bin/modelport");
  });
});

describe("uv", () => {
  test("runs the wheel from its cache when everything is there", async () => {
    const { search, ran, shown } = searchOn({ "/usr/bin/uv": uv("0.9.1") });
    expect(await findLaunch(search)).toEqual({
      command: "/usr/bin/uv",
      args: ["tool", "run", "--offline", "--python", ">=3.11", "--from", WHEEL, "modelport", "serve"],
      reason: "The server is the extension's own, version 0.1.0, run by /usr/bin/uv 0.9.1 from its cache.",
    });
    expect(ran).toHaveLength(2);
    expect(shown).toEqual([]);
  });

  test("is run online, with a progress notification, when it cannot run offline", async () => {
    const { search, ran, shown, rejected } = searchOn({ "/usr/bin/uv": uv("0.9.1", { offline: false }) });
    expect((await findLaunch(search)).args).toEqual([
      ..."tool run --python >=3.11 --from".split(" "),
      WHEEL,
      "modelport",
      "serve",
    ]);
    expect(shown).toEqual(["Modelport: installing the server with uv"]);
    expect(rejected.at(-1)).toContain("cannot run the server offline: error: no network (exit code 1)");
    expect(ran.filter((line) => line.endsWith(" serve"))).toEqual([]);
  });

  test("that the user has set comes before the others", async () => {
    const { search } = searchOn({ "/usr/bin/uv": uv("0.9.1"), "/opt/uv": uv("0.9.2") }, { settings: { uv: " /opt/uv " } });
    expect((await findLaunch(search)).command).toBe("/opt/uv");
  });

  test("is looked for elsewhere when the setting names none", async () => {
    const { search, rejected } = searchOn({ "/home/ann/.cargo/bin/uv": uv("0.9.1") }, { settings: { uv: "/opt/uv" } });
    expect((await findLaunch(search)).command).toBe("/home/ann/.cargo/bin/uv");
    expect(rejected.join()).toContain('The setting modelport.uv.path is ignored: "/opt/uv" is no program.');
  });

  test.each([
    ["too old", uv("0.2.37"), "it is version 0.2.37, and 0.3.0 or later is needed"],
    ["something else", () => said("uvula 9.9.9"), "it does not say its version"],
  ] satisfies [string, Program, string][])("is rejected when it is %s", async (_what, first, why) => {
    const { search, rejected } = searchOn(
      { "/a/uv": first, "/b/uv": uv("0.9.1") },
      { env: { PATH: "/a:/b" } },
    );
    expect((await findLaunch(search)).command).toBe("/b/uv");
    expect(rejected.join()).toContain(`/a/uv is rejected: ${why}`);
  });

  test("that fails leaves it to Python", async () => {
    const { search } = searchOn({
      "/usr/bin/uv": uv("0.9.1", { offline: false, online: false }),
      "/usr/bin/python3": python("3.12.4"),
      [ASIDE]: inEnvironment,
    });
    expect((await findLaunch(search)).command).toBe(WHOLE);
  });

  test("is not followed by Python when the user cancels", async () => {
    const { search, ran } = searchOn(
      { "/usr/bin/uv": uv("0.9.1", { offline: false }), "/usr/bin/python3": python("3.12.4") },
      { cancel: true },
    );
    await expect(findLaunch(search)).rejects.toBeInstanceOf(LaunchCancelled);
    expect(ran.join()).not.toContain("python3");
  });
});

describe("Python", () => {
  test("gets the wheel in an environment of its own", async () => {
    const { search, ran, folders, shown } = searchOn({ "/usr/bin/python3": python("3.12.4"), [ASIDE]: inEnvironment });
    expect(await findLaunch(search)).toEqual({
      command: WHOLE,
      args: ["-I", "-m", "modelport", "serve"],
      reason: "The server is the extension's own, version 0.1.0, in its private environment of Python 3.12.4.",
    });
    expect(shown).toEqual(["Modelport: installing the server with Python"]);
    expect(ran.slice(1)).toEqual([
      "/usr/bin/python3 -I -m venv /storage/env/0.1.0-0123abcd-3.12.abcdef",
      `${ASIDE} -I -m pip install --no-input --disable-pip-version-check --prefer-binary ${WHEEL}`,
      `${ASIDE} -I -m modelport --version`,
    ]);
    expect([...folders.ages.keys()]).toEqual(["/storage/env", "/storage/env/0.1.0-0123abcd-3.12"]);
  });

  test("is the newest that its dependencies know, and never one that is too old or cannot make environments", async () => {
    const { search, rejected } = searchOn({
      "/usr/bin/python3.13": () => said("", 1, "ModuleNotFoundError: No module named 'ensurepip'\n"),
      "/usr/bin/python3.11": python("3.11.2"),
      "/usr/bin/python3": python("3.9.1"),
    });
    await expect(findLaunch(search)).rejects.toThrow("could not be installed");
    expect(rejected.join("\n")).toContain("No module named 'ensurepip' (exit code 1)");
    expect(rejected.at(-1)).toContain("Python 3.11.2 is rejected: ");
  });

  test("that is too old is none", async () => {
    const { search, rejected } = searchOn({ "/usr/bin/python3": python("3.10.9") });
    await expect(findLaunch(search)).rejects.toMatchObject({
      message: expect.stringContaining("Install uv, or Python 3.11 or later"),
      why: { remedy: { label: "Install uv", url: expect.stringMatching(/^https:\/\/docs\.astral\.sh\/uv\//) } },
    });
    expect(rejected).toContain("/usr/bin/python3 is rejected: it is Python 3.10.9, and 3.11 or later is needed.");
  });

  test("of Apple's is left alone: where the developer tools are missing it would open a dialog", async () => {
    const { search, ran } = searchOn({ "/usr/bin/python3": python("3.12.0") }, { platform: "darwin" });
    await expect(findLaunch(search)).rejects.toThrow("No way to start");
    expect(ran).toEqual([]);
  });

  test("of Windows is found by its launcher", async () => {
    const { search, ran } = searchOn(
      { "C:\\Windows\\py.exe": python("3.12.4") },
      { platform: "win32", env: { Path: "C:\\Windows" } },
    );
    await expect(findLaunch(search)).rejects.toThrow("could not be installed");
    expect(ran[0]).toMatch(/^C:\\Windows\\py\.exe -3 -I -c /);
    expect(ran[2]).toContain("\\Scripts\\python.exe -I -m pip install");
  });
});

test("without a wheel only what is installed is used, and the log says why", async () => {
  const { search, rejected } = searchOn({ "/usr/bin/uv": uv("0.9.1") }, { wheel: false });
  await expect(findLaunch(search)).rejects.toThrow("No way to start the Modelport server was found");
  expect(rejected.join()).toContain("this build of the extension has no server inside");
});

test("what went wrong with the installation is said", async () => {
  const { search } = searchOn({ "/usr/bin/uv": uv("0.9.1", { offline: false, online: false }) });
  await expect(findLaunch(search)).rejects.toThrow("could not be installed: error: no network (exit code 1).");
});

test("a search that is stopped ends as stopped", async () => {
  const { search } = searchOn({ "/usr/bin/uv": uv("0.9.1", { offline: false }) }, { signal: AbortSignal.abort() });
  await expect(findLaunch(search)).rejects.toBeInstanceOf(LaunchCancelled);
});
