import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

import { findLaunch } from "../../../src/server/find";
import { localFiles, localMachine } from "../../../src/server/local-machine";
import { searchOn } from "../../support/machine";

const LONG = { timeoutMs: 10_000, signal: new AbortController().signal };

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "modelport-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function script(name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!${process.execPath}\n${body}\n`, { mode: 0o755 });
  return path;
}

function node(body: string, ...args: string[]) {
  return { program: process.execPath, args: ["-e", body, ...args] };
}

describe("a program", () => {
  test("is run without a shell, in the user's folder, with the editor's environment and what is added", async () => {
    vi.stubEnv("TEST_WORD", "inherited");
    const outcome = await localMachine.run(
      {
        ...node("console.log(process.cwd(), process.env.TEST_WORD, process.env.MORE, process.argv[1])", "$HOME; ls"),
        env: { MORE: "more" },
      },
      LONG,
    );
    expect(outcome).toEqual({ kind: "exited", code: 0, stdout: `${homedir()} inherited more $HOME; ls\n`, stderr: "" });
  });

  test("has its code and both streams, which have a limit", async () => {
    const outcome = await localMachine.run(
      node("process.stdout.write('x'.repeat(200000) + 'end'); process.stderr.write('why'); process.exitCode = 7"),
      LONG,
    );
    expect(outcome).toMatchObject({ kind: "exited", code: 7, stderr: "why" });
    expect(outcome.kind === "exited" && outcome.stdout).toHaveLength(64 * 1024);
    expect(outcome.kind === "exited" && outcome.stdout.endsWith("end")).toBe(true);
  });

  test("that is not there fails", async () => {
    const outcome = await localMachine.run({ program: join(folder, "none"), args: [] }, LONG);
    expect(outcome).toMatchObject({ kind: "failed", why: expect.stringContaining("ENOENT") });
  });

  test("that takes too long is ended, with what it has started", async () => {
    // What was started holds a connection, which is closed when it is gone.
    const server = createServer();
    const gone = new Promise<void>((resolve) => {
      server.on("connection", (socket) => socket.on("error", () => undefined).on("close", () => resolve()).resume());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const grandchild = `require("node:net").connect(${(server.address() as AddressInfo).port}, "127.0.0.1")`;
    const body = `
      require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}]);
      setInterval(() => {}, 1000);`;
    const outcome = await localMachine.run(node(body), { ...LONG, timeoutMs: 1_500 });
    expect(outcome).toEqual({ kind: "failed", why: "it took longer than 1.5 s" });
    await gone;
  });

  test("is ended by the signal", async () => {
    const stop = new AbortController();
    const running = localMachine.run(node("setInterval(() => {}, 1000)"), { ...LONG, signal: stop.signal });
    stop.abort();
    expect(await running).toEqual({ kind: "failed", why: "it was stopped" });
    expect(await localMachine.run(node("1"), { ...LONG, signal: stop.signal })).toMatchObject({ kind: "failed" });
  });

  test("is a file that may be run", async () => {
    await writeFile(join(folder, "text"), "");
    await mkdir(join(folder, "folder"));
    expect(await localMachine.isProgram(await script("yes", ""))).toBe(true);
    expect(await localMachine.isProgram(join(folder, "text"))).toBe(false);
    expect(await localMachine.isProgram(join(folder, "folder"))).toBe(false);
    expect(await localMachine.isProgram(join(folder, "none"))).toBe(false);
  });
});

test("an installed server is found and asked for its version", async () => {
  const path = await script("modelport", "console.log('modelport, version 0.1.3')");
  const { search } = searchOn({});
  const machine = { ...localMachine, env: { ...process.env, PATH: folder }, home: folder };
  expect(await findLaunch({ ...search, machine })).toEqual({
    command: path,
    args: ["serve"],
    reason: `The server is ${path}, version 0.1.3, which is installed.`,
  });
});

test("files are made, moved, dated and removed", async () => {
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  await localFiles.makeFolder(a);
  await localFiles.makeFolder(a);
  await localFiles.rename(a, b);
  expect([await localFiles.exists(a), await localFiles.exists(b)]).toEqual([false, true]);
  expect(await localFiles.names(folder)).toEqual(["b"]);
  expect(await localFiles.names(a)).toEqual([]);
  await utimes(b, 0, 0);
  expect(await localFiles.ageMs(b)).toBeGreaterThan(1e9);
  await localFiles.touch(b);
  expect(await localFiles.ageMs(b)).toBeLessThan(1e9);
  await writeFile(join(b, "file"), "abc");
  expect(await localFiles.digest(join(b, "file"))).toBe("ba7816bf");
  await localFiles.remove(b);
  await localFiles.remove(b);
  expect(await localFiles.exists(b)).toBe(false);
});
