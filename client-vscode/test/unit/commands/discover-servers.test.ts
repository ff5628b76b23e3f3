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

  it("shows all of them in their order once the search is over", async () => {
    const other: LocalServer = { ...found, baseUrl: "http://127.0.0.1:1234", models: ["a"] };
    const stranger: LocalServer = { ...found, provider: "unheard-of" };
    server.answer("provider/discover", ({ streamId }) => {
      server.notify("provider/update", { streamId: streamId ?? "", seq: 0, update: { kind: "server", server: found } });
      return { servers: [other, found, stranger] };
    });
    void run("discoverServers");
    const list = await openList("Discover Local Servers");
    expect(list.rows).toEqual([
      "Groq 0.14.1 | http://127.0.0.1:1234 | models: a",
      "Groq 0.14.1 | http://127.0.0.1:11434 | models: qwen3:8b, llama3",
    ]);
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
