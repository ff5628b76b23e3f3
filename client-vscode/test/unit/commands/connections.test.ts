import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { commands } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import { contextFor, ErrorReply, freshEditor, ScriptedServer, type TestContext } from "../../support/scripted-server";
import { openList, until } from "../../support/user";
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

describe("disconnecting", () => {
  it("offers what is connected, and forgets it", async () => {
    context.stored.set("connections", [{ provider: "groq" }, { provider: "ollama" }]);
    server.answer("provider/status", {
      active: null,
      connections: [connection("groq", { model: "a", baseUrl: "https://x.example" })],
      health: [],
    });
    const done = run("disconnect");
    const list = await openList("Disconnect Provider");
    expect(list.rows).toEqual(["Groq | a | https://x.example · key in the keyring (…x7Qd)"]);
    list.choose("Groq");
    await done;
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "groq" }]);
    expect(context.stored.get("connections")).toEqual([{ provider: "ollama" }]);
  });

  it("says that nothing is connected", async () => {
    const done = run("disconnect");
    const list = await openList("Disconnect Provider");
    expect(list).toMatchObject({ items: [], placeholder: "Nothing is connected" });
    list.escape();
    await done;
    expect(server.asked("provider/disconnect")).toEqual([]);
  });
});

describe("connections of the last time", () => {
  it("are made again when a server has come up, without asking the providers", async () => {
    context.stored.set("connections", [{ provider: "gone" }, { provider: "groq", baseUrl: "http://x", model: "a" }]);
    server.answer("provider/connect", (params) => {
      if (params.provider === "gone") {
        throw new ErrorReply("No provider has this name.");
      }
      return connection("groq");
    });
    const changes: string[] = [];
    context.onDidChangeModels((change) => changes.push(change));
    server.become({ kind: "running" });
    await until(() => expect(changes).toEqual(["restart"]));
    expect(server.asked("provider/connect")).toEqual([
      { provider: "gone", verify: false },
      { provider: "groq", baseUrl: "http://x", model: "a", verify: false },
    ]);
    expect(context.logged).toEqual(["gone is not connected again: No provider has this name."]);
    expect(window.messages).toEqual([]);
    // Not caused by the user.
    expect(server.inBackground).toEqual(["provider/connect", "provider/connect"]);
  });
});
