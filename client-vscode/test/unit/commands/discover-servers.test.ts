import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import type { LocalServer } from "../../../src/protocol";
import { commands } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import {
  contextFor,
  freshEditor,
  ScriptedServer,
  type TestContext,
  untilCancelled,
} from "../../support/scripted-server";
import { fillingList, message, openList, until } from "../../support/user";
import { window } from "../../support/window";

let server: ScriptedServer;
let context: TestContext;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq"), connected: true })] });
  server.answer("provider/status", { active: null, connections: [], health: [] });
  server.answer("provider/connect", (params) => connection(params.provider ?? "", { model: params.model ?? "a" }));
  server.answer("provider/disconnect", {});
  server.answer("model/list", { models: [model("a")], errors: [] });
  context = contextFor(server);
  registerCommands(context);
});

const run = (name: string) => commands.executeCommand(`modelport.${name}`);

describe("finding local servers", () => {
  const found: LocalServer = {
    provider: "groq",
    baseUrl: "http://127.0.0.1:11434",
    version: "0.14.1",
    models: ["qwen3:8b", "llama3"],
    latencyMs: 3,
    evidence: "GET / answered",
  };

  it("connects the one that is picked at its address, also while others are looked for", async () => {
    let cancelled = false;
    server.answer("provider/discover", ({ streamId }, token) => {
      server.notify("provider/update", { streamId: "other", seq: 0, update: { kind: "server", server: found } });
      server.notify("provider/update", { streamId: streamId ?? "", seq: 0, update: { kind: "server", server: found } });
      token?.onCancellationRequested(() => (cancelled = true));
      return untilCancelled({}, token);
    });
    const done = run("discoverServers");
    const list = await fillingList("Discover Local Servers");
    await until(() =>
      expect(list.rows).toEqual(["Groq 0.14.1 | http://127.0.0.1:11434 | models: qwen3:8b, llama3"]),
    );
    expect(list.busy).toBe(true);
    list.choose("Groq 0.14.1");
    await done;
    expect(cancelled).toBe(true);
    const baseUrl = "http://127.0.0.1:11434";
    expect(server.asked("provider/connect")).toEqual([{ provider: "groq", baseUrl, keepOverrides: true }]);
    await message("Groq is connected.");
  });

  const at = (port: number): LocalServer => ({ ...found, baseUrl: `http://127.0.0.1:${port}`, models: [`on-${port}`] });
  /** Answers a search; the result tells of a server, and ends the search. */
  const searching = () => {
    let stream = "";
    let end: (result: { servers: readonly LocalServer[] }) => void = () => undefined;
    server.answer("provider/discover", ({ streamId }) => {
      stream = streamId ?? "";
      return new Promise((resolve) => (end = resolve));
    });
    return {
      tell: (one: LocalServer) =>
        server.notify("provider/update", { streamId: stream, seq: 0, update: { kind: "server", server: one } }),
      end: (...servers: readonly LocalServer[]) => end({ servers }),
    };
  };

  it("keeps each in its place when the search is over, so that a picked place means the same", async () => {
    const stranger: LocalServer = { ...at(1), provider: "unheard-of" };
    const search = searching();
    void run("discoverServers");
    const list = await fillingList("Discover Local Servers");
    await until(() => expect(server.asked("provider/discover")).toHaveLength(1));
    search.tell(at(11434));
    expect(list.rows).toEqual(["Groq 0.14.1 | http://127.0.0.1:11434 | models: on-11434"]);
    search.end(at(1234), at(11434), stranger);
    await until(() =>
      expect(list.rows).toEqual([
        "Groq 0.14.1 at 127.0.0.1:11434 | http://127.0.0.1:11434 | models: on-11434",
        "Groq 0.14.1 at 127.0.0.1:1234 | http://127.0.0.1:1234 | models: on-1234",
      ]),
    );
  });

  it("connects the one that has the focus, whichever others of its kind are found meanwhile", async () => {
    const search = searching();
    const done = run("discoverServers");
    const list = await fillingList("Discover Local Servers");
    await until(() => expect(server.asked("provider/discover")).toHaveLength(1));
    search.tell(at(1));
    search.tell(at(2));
    list.down();
    expect(list.focused).toEqual(["Groq 0.14.1 at 127.0.0.1:2 | http://127.0.0.1:2"]);
    search.tell({ ...at(3), version: "0.15" });
    search.tell({ ...at(2), version: "0.15" });
    search.end({ ...at(3), version: "0.15" }, { ...at(2), version: "0.15" }, at(1));
    await until(() => expect(list.busy).toBe(false));
    expect(list.focused).toEqual(["Groq 0.15 at 127.0.0.1:2 | http://127.0.0.1:2"]);
    list.enter();
    await done;
    expect(server.asked("provider/connect")).toMatchObject([{ baseUrl: "http://127.0.0.1:2" }]);
  });

  it("focuses nothing when the one that had the focus is gone", async () => {
    const search = searching();
    void run("discoverServers");
    const list = await fillingList("Discover Local Servers");
    await until(() => expect(server.asked("provider/discover")).toHaveLength(1));
    search.tell(at(1));
    search.tell(at(2));
    list.down();
    search.end(at(1));
    await until(() => expect(list.busy).toBe(false));
    expect(list.focused).toEqual([]);
    list.enter();
    expect(server.asked("provider/connect")).toEqual([]);
  });

  it("keeps the focus while it looks again", async () => {
    const first = searching();
    void run("discoverServers");
    const list = await fillingList("Discover Local Servers");
    await until(() => expect(server.asked("provider/discover")).toHaveLength(1));
    first.end(at(1), at(2));
    await until(() => expect(list.busy).toBe(false));
    list.down();
    const again = searching();
    list.press("Look again");
    await until(() => expect(server.asked("provider/discover")).toHaveLength(2));
    again.tell(at(2));
    expect(list.rows).toHaveLength(2);
    again.end(at(2));
    await until(() => expect(list.rows).toHaveLength(1));
    expect(list.focused).toEqual(["Groq 0.14.1 | http://127.0.0.1:2"]);
  });

  it("says that there is none, and looks again", async () => {
    server.answer("provider/discover", { servers: [] });
    void run("discoverServers");
    const list = await openList("Discover Local Servers");
    expect(list.placeholder).toContain("No model server answers");
    server.answer("provider/discover", { servers: [{ ...found, models: [] }] });
    list.press("Look again");
    await until(() => expect(list.rows).toEqual(["Groq 0.14.1 | http://127.0.0.1:11434 | GET / answered"]));
  });

  it("stops when the list is closed", async () => {
    server.answer("provider/discover", untilCancelled);
    const done = run("discoverServers");
    (await fillingList("Discover Local Servers")).escape();
    await done;
    expect(window.messages).toEqual([]);
  });
});
