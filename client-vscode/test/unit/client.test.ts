import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type * as vscode from "vscode";

import "../support/library-vscode";
import { Server, ServerEndedError } from "../../src/client";
import type { Backoff } from "../../src/server/backoff";
import type { ServerState } from "../../src/server/state";
import { type Launch, LaunchCancelled, LaunchError, LaunchPostponed } from "../../src/server/launch";
import { newLog } from "../support/log";
import { settings } from "../support/settings";
import { vaultOver } from "../../src/vault";
import { env, secrets } from "../support/editor";
import { CancellationError, CancellationTokenSource, LogLevel, window } from "../support/vscode";

const SCRIPT = join(__dirname, "..", "support", "fake-server.mjs");
const QUICK: Backoff = { firstMs: 5, maxMs: 40, resetAfterMs: 60_000, startTimeoutMs: 5_000 };

type Start = (count: number, signal: AbortSignal, mayInstall: () => boolean) => Launch | Promise<Launch>;

/** Processes are started here, which a busy machine takes its time for. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 8_000 });

const started: Server[] = [];

/** A server whose n-th start (from 1) is as it is said. */
function newServer(start: Start = () => fake("well"), backoff = QUICK, level = LogLevel.Info) {
  let count = 0;
  const { log, lines } = newLog(level);
  const find = vi.fn(async (signal: AbortSignal, mayInstall: () => boolean) => start(++count, signal, mayInstall));
  const server = new Server({ find }, log, vaultOver(secrets), backoff);
  const states: ServerState[] = [];
  server.onDidChangeState((state) => states.push(state));
  started.push(server);
  const ask = <T = unknown>(method: string, params: unknown = {}, token?: unknown): Promise<T> =>
    server.request(method as "provider/list", params as object, token as vscode.CancellationToken) as Promise<T>;
  return { server, ask, lines, states, find, kinds: () => states.map(({ kind }) => kind) };
}

function fake(how: "well" | "badly" | "never"): Launch {
  return { command: process.execPath, args: [SCRIPT, how], env: { TEST_WORD: "said" }, reason: "As the test says." };
}

function untilStopped(_count: number, signal: AbortSignal): Promise<Launch> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new LaunchCancelled("Stopped."))));
}

afterEach(async () => {
  for (const server of started.splice(0)) {
    await server.stop();
    server.dispose();
  }
});

describe("a request", () => {
  test("starts the server once, in the user's folder, and is answered", async () => {
    const { ask, find, kinds, lines } = newServer();
    const [echo, hello] = await Promise.all([ask("test/echo", { a: 1 }), ask("test/hello")]);
    expect(echo).toEqual({ a: 1 });
    expect(hello).toMatchObject({
      clientInfo: { name: "Visual Studio Code", version: "1.139.1" },
      cwd: homedir(),
      env: "said",
    });
    expect(find).toHaveBeenCalledOnce();
    expect(kinds()).toEqual(["starting", "running"]);
    expect(lines).toContain("As the test says.");
  });

  test("fails with the server's error, its code and its data", async () => {
    const { ask } = newServer();
    await expect(ask("test/fail")).rejects.toMatchObject({ code: -32803, message: "No key.", data: { kind: "auth" } });
  });

  test("that fails is in the log with what it is found by, and with nothing that was said", async () => {
    const { ask, lines } = newServer();
    const attempts = [
      { provider: "groq", model: "a", outcome: "failed", error: { kind: "rate_limited", message: "canary" } },
      { provider: "openai", model: "b", outcome: "failed", error: { kind: "timeout", message: "canary" } },
    ];
    const data = { kind: "timeout", provider: "openai", model: "b", httpStatus: 504, requestId: "req_1\u001b[2J\n7", text: "canary", action: "canary" };
    await expect(ask("test/fail", { apiKey: "canary", data: { ...data, attempts } })).rejects.toThrow();
    const line = lines.find((one) => one.startsWith("test/fail"));
    expect(line).toBe(
      "test/fail failed: code -32803, kind timeout, provider openai, model b, status 504, request id req_1 [2J 7, " +
        "attempts groq/a (rate_limited), openai/b (timeout)",
    );
    expect(lines.join("\n")).not.toMatch(/canary|No key/);
  });

  test("that was cancelled, or is answered, is not in the log as a failure", async () => {
    const { ask, lines } = newServer();
    await ask("test/echo");
    const source = new CancellationTokenSource();
    const waiting = ask("test/wait", {}, source.token);
    source.cancel();
    await expect(waiting).rejects.toThrow();
    expect(lines.filter((line) => line.includes("failed"))).toEqual([]);
  });

  test("is cancelled at the server, and fails as cancelled", async () => {
    const { ask } = newServer();
    await ask("test/echo");
    const source = new CancellationTokenSource();
    const waiting = ask("test/wait", {}, source.token);
    source.cancel();
    await expect(waiting).rejects.toBeInstanceOf(CancellationError);
  });

  test("is not sent when it is cancelled already", async () => {
    const { ask } = newServer();
    const source = new CancellationTokenSource();
    source.cancel();
    await expect(ask("test/die", {}, source.token)).rejects.toBeInstanceOf(CancellationError);
    expect(await ask("test/echo", { still: "there" })).toEqual({ still: "there" });
  });

  test("that is cancelled does not wait for a start that takes long", async () => {
    const { ask } = newServer(untilStopped);
    const source = new CancellationTokenSource();
    const waiting = ask("test/echo", {}, source.token);
    source.cancel();
    await expect(waiting).rejects.toBeInstanceOf(CancellationError);
  });

  test("without a token sends its parameters and nothing else", async () => {
    const { ask } = newServer();
    expect(await ask("test/echo", { only: 1 }, undefined)).toEqual({ only: 1 });
  });

  test("can be made by a listener of the start", async () => {
    const { server, ask, find } = newServer();
    const answers: unknown[] = [];
    server.onDidChangeState(({ kind }) => {
      if (kind === "starting") {
        void ask("test/echo", { early: true }).then((answer) => answers.push(answer));
      }
    });
    await ask("test/echo");
    await eventually(() => expect(answers).toEqual([{ early: true }]));
    expect(find).toHaveBeenCalledOnce();
  });
});

describe("a notification", () => {
  test("is received from each process of the server, until the listener is disposed", async () => {
    const { server, ask } = newServer();
    const heard: unknown[] = [];
    const listener = server.onNotification("status/changed", (params) => heard.push(params));
    await ask("test/tell", { n: 1 });
    await server.restart();
    await ask("test/tell", { n: 2 });
    listener.dispose();
    await ask("test/tell", { n: 3 });
    expect(heard).toEqual([{ told: { n: 1 } }, { told: { n: 2 } }]);
  });

  test("reaches the others when one listener fails", async () => {
    const { server, ask, lines } = newServer();
    const heard = vi.fn();
    server.onNotification("status/changed", () => {
      throw new Error("not today");
    });
    server.onNotification("status/changed", heard);
    await ask("test/tell", {});
    expect(heard).toHaveBeenCalledOnce();
    expect(lines.join("\n")).toContain("not today");
  });
});

describe("a server that ends by itself", () => {
  test("ends every request that waits, and is started again", async () => {
    const { ask, kinds, find, lines } = newServer();
    const before = await ask<{ pid: number }>("test/hello");
    const both = await Promise.allSettled([ask("test/wait"), ask("test/die")]);
    expect(both.map((one) => one.status === "rejected" && one.reason instanceof ServerEndedError)).toEqual([true, true]);
    await eventually(() => expect(kinds()).toEqual(["starting", "running", "waiting", "starting", "running"]));
    expect((await ask<{ pid: number }>("test/hello")).pid).not.toBe(before.pid);
    expect(find).toHaveBeenCalledTimes(2);
    // The language client has another opinion, since it is not the one who does it.
    expect(lines.join("\n")).toContain("it is started again in");
    expect(lines.join("\n")).not.toContain("will not be restarted");
  });

  test("is started again after pauses that double up to the longest", async () => {
    const { ask, lines, kinds } = newServer();
    for (let times = 1; times <= 5; times++) {
      await ask("test/die").catch(() => undefined);
      await eventually(() => expect(kinds().filter((kind) => kind === "running")).toHaveLength(times + 1));
    }
    const pauses = lines.flatMap((line) => /again in (\S+) s/.exec(line)?.[1] ?? []);
    expect(pauses).toEqual(["0.005", "0.01", "0.02", "0.04", "0.04"]);
  });

  test("begins with the first pause again once it has run well", async () => {
    const { ask, lines, kinds } = newServer(undefined, { ...QUICK, resetAfterMs: -1 });
    for (let times = 1; times <= 2; times++) {
      await ask("test/die").catch(() => undefined);
      await eventually(() => expect(kinds().filter((kind) => kind === "running")).toHaveLength(times + 1));
    }
    expect(lines.filter((line) => line.includes("again in 0.005 s"))).toHaveLength(2);
  });

  test("comes back for a request before the pause is over", async () => {
    const { ask, kinds } = newServer(undefined, { ...QUICK, firstMs: 60_000 });
    await ask("test/die").catch(() => undefined);
    await eventually(() => expect(kinds().at(-1)).toBe("waiting"));
    expect(await ask("test/echo", { b: 2 })).toEqual({ b: 2 });
  });

  test("is tried a few times more when it then cannot be started", async () => {
    const { ask, kinds, find } = newServer((count) => fake(count === 1 ? "well" : count < 4 ? "badly" : "well"));
    await ask("test/die").catch(() => undefined);
    await eventually(() => expect(kinds().at(-1)).toBe("running"));
    expect(kinds().filter((kind) => kind === "failed")).toHaveLength(2);
    expect(find).toHaveBeenCalledTimes(4);
  });

  test("is not started again after it was stopped, or the extension is gone", async () => {
    const { server, ask, kinds, find } = newServer(undefined, { ...QUICK, firstMs: 20 });
    await ask("test/die").catch(() => undefined);
    await eventually(() => expect(kinds().at(-1)).toBe("waiting"));
    server.dispose();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(find).toHaveBeenCalledOnce();
    await expect(ask("test/echo")).rejects.toBeInstanceOf(LaunchError);
  });
});

describe("a start that fails", () => {
  test("is a state with a message when the server ends during initialize", async () => {
    const { server, ask, lines } = newServer(() => fake("badly"));
    await expect(ask("test/echo")).rejects.toThrow("could not be started: it ended before it was ready");
    expect(server.state).toEqual({ kind: "failed", message: expect.stringContaining("The log says more.") });
    await eventually(() => expect(lines.join("\n")).toContain("no such thing"));
  });

  test("is one when the program is not there", async () => {
    const { server, ask } = newServer(() => ({ command: "/nowhere/modelport", args: [], reason: "" }));
    await expect(ask("test/echo")).rejects.toThrow("/nowhere/modelport");
    expect(server.state.kind).toBe("failed");
  });

  test("is one when the server does not answer, and its process is ended", async () => {
    const { server, ask } = newServer(() => fake("never"), { ...QUICK, startTimeoutMs: 300 });
    await expect(ask("test/echo")).rejects.toThrow("it was not ready after 0.3 s");
    expect(server.state.kind).toBe("failed");
  });

  test("is not tried with every request, but by a restart", async () => {
    const { server, ask, find } = newServer(
      (count) => {
        if (count === 1) {
          throw new LaunchError("Install uv.");
        }
        return fake("well");
      },
      { ...QUICK, firstMs: 60_000 },
    );
    await expect(ask("test/echo")).rejects.toThrow("Install uv.");
    await expect(ask("test/echo")).rejects.toThrow("Install uv.");
    expect(find).toHaveBeenCalledOnce();
    await server.restart();
    expect(await ask("test/echo", { c: 3 })).toEqual({ c: 3 });
  });

  test("that the user cancelled stays so until they ask again", async () => {
    const { ask, find } = newServer(() => {
      throw new LaunchCancelled("Cancelled.");
    });
    await expect(ask("test/echo")).rejects.toThrow("Cancelled.");
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(ask("test/echo")).rejects.toThrow("Cancelled.");
    expect(find).toHaveBeenCalledOnce();
  });

  test("shows no message of the language client's own", async () => {
    const shown = vi.spyOn(window, "showErrorMessage");
    await expect(newServer(() => fake("badly")).ask("test/echo")).rejects.toThrow();
    await expect(newServer(() => ({ command: "/nowhere", args: [], reason: "" })).ask("test/echo")).rejects.toThrow();
    expect(shown).not.toHaveBeenCalled();
  });
});

describe("a background request", () => {
  const toInstall: Start = (_, __, mayInstall) => {
    if (!mayInstall()) {
      throw new LaunchPostponed("It is installed when it is first used.");
    }
    return fake("well");
  };
  const inBackground = (server: Server) => server.background.request("test/echo" as "provider/list", {});

  test("is answered by a server that can be started as it is", async () => {
    const { server, kinds } = newServer();
    expect(await inBackground(server)).toEqual({});
    expect(kinds()).toEqual(["starting", "running"]);
  });

  test("installs nothing, looks once, and leaves no failure behind", async () => {
    const { server, find, kinds, ask } = newServer(toInstall);
    await expect(inBackground(server)).rejects.toBeInstanceOf(LaunchPostponed);
    await expect(inBackground(server)).rejects.toBeInstanceOf(LaunchPostponed);
    expect(find).toHaveBeenCalledOnce();
    expect(kinds()).toEqual(["starting", "stopped"]);
    expect(server.state).toEqual({ kind: "stopped", postponed: true });
    expect(await ask("test/echo", { now: "asked" })).toEqual({ now: "asked" });
    expect(await inBackground(server)).toEqual({});
  });

  test("does not hinder other requests, in either order", async () => {
    let look: () => void = () => undefined;
    const looked = new Promise<void>((resolve) => (look = resolve));
    const { server, ask, find } = newServer(async (count, signal, mayInstall) => {
      const may = mayInstall();
      await looked;
      return toInstall(count, signal, () => may);
    });
    const first = inBackground(server);
    first.catch(() => undefined);
    await eventually(() => expect(find).toHaveBeenCalledOnce());
    const second = ask("test/echo", { a: 1 });
    look();
    await expect(first).rejects.toBeInstanceOf(LaunchPostponed);
    expect(await second).toEqual({ a: 1 });
  });

  test("fails without a message where no server can be started", async () => {
    const { server } = newServer(() => {
      throw new LaunchError("Install uv.");
    });
    await expect(inBackground(server)).rejects.toThrow("Install uv.");
    expect(server.state).toEqual({ kind: "failed", message: "Install uv.", background: true });
  });
});

test("a restart ends the old process and whatever start is under way", async () => {
  const signals: AbortSignal[] = [];
  const { server, ask } = newServer((count, signal) => {
    signals.push(signal);
    return count > 1
      ? fake("well")
      : untilStopped(count, signal);
  });
  const first = ask("test/echo");
  first.catch(() => undefined);
  await eventually(() => expect(signals).toHaveLength(1));
  await server.restart();
  await expect(first).rejects.toThrow("Stopped.");
  expect(server.state.kind).toBe("running");
  const { pid } = await ask<{ pid: number }>("test/hello");
  await server.restart();
  expect((await ask<{ pid: number }>("test/hello")).pid).not.toBe(pid);
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow());
});

test("no message is written to the log, whatever its level and whatever a workspace sets", async () => {
  settings.set("modelport.trace.server", { workspaceValue: "verbose" });
  settings.set("modelport.trace.server.verbosity", { workspaceValue: "verbose" });
  onTestFinished(() => settings.clear());
  const { ask, lines } = newServer(undefined, QUICK, LogLevel.Trace);
  await ask("test/echo", { apiKey: "sk-very-secret" });
  await eventually(() => expect(lines.join("\n")).toContain("test/echo"));
  expect(lines.join("\n")).not.toContain("sk-very-secret");
});

describe("a request of the server", () => {
  const inEditor = async (method: string, params: object) => {
    const { ask } = newServer();
    return ask("test/ask", { method, params });
  };

  beforeEach(() => {
    secrets.kept.clear();
    env.opened.length = 0;
  });

  test("for a page opens it in the browser, as it is", async () => {
    const uri = "https://acme.example/?redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F%3Fa%26b";
    expect(await inEditor("window/showDocument", { uri, external: true })).toEqual({ result: { success: true } });
    expect(env.opened).toEqual([uri]);
  });

  test("for a page is left to what expects one", async () => {
    const { server, ask } = newServer();
    const shown: string[] = [];
    server.pages.expect(async (address) => {
      shown.push(address);
      return false;
    });
    const page = { method: "window/showDocument", params: { uri: "https://acme.example/", external: true } };
    expect(await ask("test/ask", page)).toEqual({ result: { success: false } });
    expect(shown).toEqual(["https://acme.example/"]);
    expect(await ask("test/ask", page)).toEqual({ result: { success: true } });
  });

  test("for the vault is answered from the storage for secrets, and stands in no log", async () => {
    const { ask, lines } = newServer(undefined, QUICK, LogLevel.Trace);
    expect(await ask("test/capabilities")).toMatchObject({ experimental: { modelport: { credentialStore: true } } });
    const send = (method: string, params: object) => ask("test/ask", { method, params });
    const entry = { provider: "groq", name: "work" };
    expect(await send("credential/load", entry)).toEqual({ result: { secret: null } });
    expect(await send("credential/store", { ...entry, secret: "canary" })).toEqual({ result: {} });
    expect(await send("credential/load", entry)).toEqual({ result: { secret: "canary" } });
    // The key of the provider itself is another one.
    expect(await send("credential/load", { provider: "groq" })).toEqual({ result: { secret: null } });
    expect([...secrets.kept]).toEqual([["credential/groq/work", "canary"]]);
    expect(await send("credential/remove", entry)).toEqual({ result: {} });
    expect(await send("credential/remove", entry)).toEqual({ result: {} });
    expect(secrets.kept.size).toBe(0);
    expect(lines.join("\n")).not.toContain("canary");
  });

  test("for the vault fails where the storage does, without what was to be stored", async () => {
    vi.spyOn(secrets, "store").mockRejectedValue(new Error("The storage is locked."));
    const reply = await inEditor("credential/store", { provider: "groq", secret: "canary" });
    expect(reply).toMatchObject({ error: { message: expect.stringContaining("The storage is locked.") } });
    expect(JSON.stringify(reply)).not.toContain("canary");
  });
});
