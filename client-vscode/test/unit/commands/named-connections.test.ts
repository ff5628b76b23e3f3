import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import type { Connection, LocalServer } from "../../../src/protocol";
import { commands, env } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import { contextFor, ErrorReply, everythingShown, freshEditor, ScriptedServer, type TestContext } from "../../support/scripted-server";
import { keyBox, message, openList, question, until } from "../../support/user";
import { window } from "../../support/window";

const KEY = "sk-canary-4f1c9b";
const LOCAL = "http://localhost:11434";
const OTHER = "http://127.0.0.1:11435";

let server: ScriptedServer;
let context: TestContext;
let open: Connection[];

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  const noKey = { credential: credential("ollama", { source: "notRequired" }) };
  open = [connection("ollama", { ...noKey, baseUrl: LOCAL, model: "a" })];
  server.answer("provider/list", () => ({
    providers: [
      provider("ollama", { ...noKey, connectionType: "local", requiresApiKey: false, baseUrl: LOCAL, connected: true }),
      provider("openai", { credential: credential("openai"), connected: open.some((one) => one.provider === "openai") }),
      provider("anthropic", { aliases: ["claude"] }),
    ],
  }));
  server.answer("provider/status", () => ({ active: open.at(-1) ?? null, connections: open, health: [] }));
  server.answer("provider/connect", ({ provider: id = "", name = id, apiKey, baseUrl, model: used = "a" }) => {
    const own = name === id ? {} : { name };
    const source = apiKey === undefined ? ({ source: "keyring" } as const) : ({ source: "session" } as const);
    return connection(id, { name, model: used, credential: credential(id, { ...own, ...source }), ...(baseUrl && { baseUrl }) });
  });
  server.answer("provider/disconnect", {});
  server.answer("credential/set", credential("openai"));
  server.answer("model/list", { models: [model("a")], errors: [] });
  context = contextFor(server);
  registerCommands(context);
});

const run = (name: string, argument?: unknown) => commands.executeCommand(`modelport.${name}`, argument);
const at = (baseUrl: string): LocalServer => ({ provider: "ollama", baseUrl, models: ["a"], latencyMs: 3, evidence: "GET / answered" });

describe("a second server of one kind", () => {
  it("that is discovered gets a name, and leaves the first one alone", async () => {
    context.stored.set("connections", [{ provider: "ollama" }]);
    server.answer("provider/discover", { servers: [at(LOCAL), at(OTHER)] });
    const done = run("discoverServers");
    (await openList("Discover Local Servers")).choose("Ollama at 127.0.0.1:11435");
    const asked = await question();
    expect(asked.options.value).toBe("ollama-11435");
    expect(asked.options.validateInput?.("big")).toBe("");
    for (const bad of ["", "two words", "a/b", "Ollama", "CLAUDE", "openai"]) {
      expect(asked.options.validateInput?.(bad), bad).not.toBe("");
    }
    asked.answer("big");
    await done;
    expect(server.asked("provider/connect")).toEqual([{ provider: "ollama", name: "big", baseUrl: OTHER, keepOverrides: true }]);
    expect(server.asked("model/list")).toEqual([{ provider: "big" }]);
    expect(context.stored.get("connections")).toEqual([
      { provider: "ollama" },
      { provider: "ollama", name: "big", baseUrl: OTHER, model: "a" },
    ]);
    await message("Ollama (big) is connected.");
  });

  it.each([LOCAL, "http://127.0.0.1:11434/"])("that is the first one, at %s, is connected as before", async (address) => {
    server.answer("provider/discover", { servers: [at(address)] });
    const done = run("discoverServers");
    (await openList("Discover Local Servers")).choose("Ollama");
    await done;
    expect(server.asked("provider/connect")).toEqual([{ provider: "ollama", baseUrl: address, keepOverrides: true }]);
    expect(window.questions).toEqual([]);
  });

  it("that has a name already keeps it", async () => {
    open.push(connection("ollama", { name: "big", baseUrl: OTHER }));
    server.answer("provider/discover", { servers: [at(OTHER)] });
    const done = run("discoverServers");
    (await openList("Discover Local Servers")).choose("Ollama");
    await done;
    expect(server.asked("provider/connect")).toMatchObject([{ name: "big", baseUrl: OTHER }]);
  });

  it("is not connected when it gets no name", async () => {
    server.answer("provider/discover", { servers: [at(OTHER)] });
    const done = run("discoverServers");
    (await openList("Discover Local Servers")).choose("Ollama");
    (await question()).answer(undefined);
    await done;
    expect(server.asked("provider/connect")).toEqual([]);
  });

  it("is asked for by its address where it is added by hand", async () => {
    const done = run("connect");
    (await openList("Connect Provider")).choose("Ollama");
    const list = await openList("Connect Ollama");
    expect(list.rows).toEqual([
      `Ollama | ${LOCAL} | a · needs no key (…x7Qd)`,
      "Add Another Connection… | For another server of this kind, or another account.",
    ]);
    list.choose("Add Another Connection…");
    const name = await question();
    expect(name.options.value).toBe("ollama-2");
    name.answer("far");
    (await question()).answer("http://10.0.0.7:11434");
    await done;
    expect(server.asked("provider/connect")).toEqual([
      { provider: "ollama", name: "far", baseUrl: "http://10.0.0.7:11434", keepOverrides: true },
    ]);
  });
});

describe("a second account", () => {
  beforeEach(() => open.push(connection("openai", { baseUrl: "https://api.openai.example/v1" })));

  async function add(): Promise<void> {
    const done = run("connect");
    (await openList("Connect Provider")).choose("Openai");
    (await openList("Connect Openai")).choose("Add Another Connection…");
    (await question()).answer("work");
    (await keyBox()).enter(KEY);
    await done;
  }

  it("has a key of its own, which is stored under its name", async () => {
    await add();
    expect(server.asked("credential/set")).toEqual([{ provider: "openai", name: "work", secret: KEY }]);
    expect(server.asked("provider/connect")).toEqual([
      { provider: "openai", name: "work", apiKey: KEY, keepOverrides: true },
      { provider: "openai", name: "work", model: "a", verify: false },
    ]);
    expect(context.stored.get("connections")).toEqual([{ provider: "openai", name: "work", model: "a" }]);
    expect(everythingShown(context)).not.toContain(KEY);
  });

  it("is closed, and the first one is not, when its key cannot be stored and is not wanted for the session", async () => {
    server.answer("credential/set", () => {
      throw new ErrorReply("No keyring.", { kind: "keyring_unavailable" });
    });
    const done = add();
    (await message("No keyring.")).press();
    await done;
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "work" }]);
  });

  it("can be made again from the list, without a question", async () => {
    open.push(connection("openai", { name: "work", credential: credential("openai", { name: "work" }) }));
    const done = run("connect");
    (await openList("Connect Provider")).choose("Openai");
    (await openList("Connect Openai")).choose("Openai (work)");
    await done;
    expect(server.asked("provider/connect")).toEqual([{ provider: "openai", name: "work", keepOverrides: true }]);
  });

  it("is shown by its name among the keys, and its key is deleted alone", async () => {
    server.answer("credential/list", { credentials: [credential("openai"), credential("openai", { name: "work" })] });
    server.answer("credential/delete", credential("openai"));
    context.stored.set("connections", [{ provider: "openai" }, { provider: "openai", name: "work" }]);
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Openai (work)");
    (await openList("Openai (work)")).choose("Delete…");
    (await message("Delete the key of Openai (work)?")).press("Delete");
    await message("The key of Openai (work) is deleted.");
    expect(server.asked("credential/delete")).toEqual([{ provider: "openai", name: "work" }]);
    await until(() => expect(server.asked("provider/disconnect")).toEqual([{ provider: "work" }]));
    expect(context.stored.get("connections")).toEqual([{ provider: "openai" }]);
  });
});

describe("connections of one provider", () => {
  beforeEach(() => {
    open.push(connection("ollama", { name: "big", baseUrl: OTHER, model: "b" }));
    server.answer("model/list", {
      models: [model("a", { provider: "ollama" }), model("a", { provider: "ollama", connection: "big" })],
      errors: [],
    });
  });

  it("stand side by side where the model is switched", async () => {
    context.stored.set("connections", [{ provider: "ollama" }, { provider: "ollama", name: "big", baseUrl: OTHER }]);
    open[1] = connection("ollama", { name: "big", model: "a" });
    const done = run("switchModel");
    const list = await openList("Switch Model");
    expect(list.rows).toEqual(["-- Ollama", "a | Ollama", "-- Ollama (big)", "a | Ollama (big) · in use"]);
    const last = list.items.at(-1);
    list.selectedItems = last === undefined ? [] : [last];
    list.pressOn("a", "Copy Model Id");
    list.activeItems = list.selectedItems;
    list.enter();
    await done;
    expect(env.copied).toEqual(["ollama/a"]);
    expect(server.asked("provider/connect")).toEqual([
      { provider: "ollama", name: "big", baseUrl: OTHER, model: "a", verify: false, keepOverrides: true },
    ]);
    expect(commands.executed.at(-1)).toEqual([
      "workbench.action.chat.changeModel",
      { vendor: "modelport", id: "big/a", family: "a" },
    ]);
    expect(context.stored.get("connections")).toEqual([
      { provider: "ollama" },
      { provider: "ollama", name: "big", baseUrl: OTHER, model: "a" },
    ]);
  });

  it("are closed one by one", async () => {
    context.stored.set("connections", [{ provider: "ollama" }, { provider: "ollama", name: "big", baseUrl: OTHER }]);
    const done = run("disconnect");
    const list = await openList("Disconnect Provider");
    expect(list.rows.map((row) => row.split(" | ")[0])).toEqual(["Ollama", "Ollama (big)"]);
    list.choose("Ollama (big)");
    await done;
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "big" }]);
    expect(context.stored.get("connections")).toEqual([{ provider: "ollama" }]);
  });

  it("are closed and made again by their rows in the view", async () => {
    const node = { kind: "provider", provider: { id: "ollama" }, connection: "big" };
    await run("connect", node);
    await run("disconnect", node);
    expect(server.asked("provider/connect")).toMatchObject([{ provider: "ollama", name: "big" }]);
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "big" }]);
  });

  it("are each made again when a server has come up", async () => {
    context.stored.set("connections", [{ provider: "ollama" }, { provider: "ollama", name: "big", baseUrl: OTHER }]);
    server.become({ kind: "running" });
    await until(() =>
      expect(server.asked("provider/connect")).toEqual([
        { provider: "ollama", verify: false },
        { provider: "ollama", name: "big", baseUrl: OTHER, verify: false },
      ]),
    );
  });
});
