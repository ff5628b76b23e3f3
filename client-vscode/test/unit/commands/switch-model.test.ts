import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { commands, env } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import { contextFor, ErrorReply, freshEditor, ScriptedServer, type TestContext } from "../../support/scripted-server";
import { message, openList, until } from "../../support/user";
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

const run = (name: string, argument?: unknown) => commands.executeCommand(`modelport.${name}`, argument);

describe("switching the model", () => {
  it("lists models by provider with limits and price, and takes the picked one", async () => {
    const price = { inputUsdPerMtok: 0.15, outputUsdPerMtok: 0.6 };
    server.answer("provider/status", { active: connection("groq", { model: "a" }), connections: [], health: [] });
    server.answer("model/list", {
      models: [
        model("a", { displayName: "Model A", contextWindow: 131_072, maxOutputTokens: 32_768, price }),
        model("b", { price: { inputUsdPerMtok: 0, outputUsdPerMtok: 0 } }),
        model("old", { retired: true }),
        model("c", { provider: "ollama" }),
      ],
      errors: [{ provider: "openai", error: { kind: "auth_rejected", message: "OpenAI refused the key." } }],
    });
    const done = run("switchModel");
    const list = await openList("Switch Model");
    expect(list.rows).toEqual([
      "-- Groq",
      "Model A | a · in use | 131.1K context, 32.8K output · $0.15 in, $0.60 out per million tokens",
      "b | free",
      "-- ollama",
      "c",
      "-- Could not be listed",
      "openai | OpenAI refused the key.",
    ]);
    list.pressOn("b", "Copy Model Id");
    await until(() => expect(env.copied).toEqual(["groq/b"]));
    list.choose("b");
    await done;
    expect(server.asked("provider/connect")).toEqual([{ provider: "groq", model: "b", verify: false, keepOverrides: true }]);
    expect(context.stored.get("connections")).toEqual([{ provider: "groq", model: "b" }]);
    const chats = { vendor: "modelport", id: "groq/b", family: "b" };
    expect(commands.executed.at(-1)).toEqual(["workbench.action.chat.changeModel", chats]);
  });

  it("also works in an editor whose chat cannot be switched", async () => {
    commands.registered.set("workbench.action.chat.changeModel", () => {
      throw new Error("command not found");
    });
    await run("useModel", { model: model("b") });
    expect(server.asked("provider/connect")).toHaveLength(1);
    expect(window.statusBarMessages).toEqual(["Modelport uses b now."]);
    expect(window.messages).toEqual([]);
  });

  it("asks the providers again when that is wanted", async () => {
    void run("switchModel");
    const list = await openList("Switch Model");
    list.press("Ask the providers again");
    await until(() => expect(server.asked("model/list")).toEqual([{}, { refresh: true }]));
  });

  it("leads to the connection of a provider that could not be listed", async () => {
    const error = { kind: "auth_required", message: "Groq needs a key." } as const;
    server.answer("model/list", { models: [], errors: [{ provider: "groq", error }] });
    void run("switchModel");
    (await openList("Switch Model")).choose("Groq");
    await until(() => expect(server.asked("provider/connect")).toEqual([{ provider: "groq", keepOverrides: true }]));
  });

  it("takes a model of the view, and copies its name", async () => {
    await run("useModel", { kind: "model", model: model("b") });
    expect(server.asked("provider/connect")).toEqual([{ provider: "groq", model: "b", verify: false, keepOverrides: true }]);
    await run("copyModelId", { kind: "model", model: model("b") });
    expect(env.copied).toEqual(["groq/b"]);
    await run("useModel");
    expect(server.asked("provider/connect")).toHaveLength(1);
  });

  it("keeps the address of the connection", async () => {
    context.stored.set("connections", [{ provider: "groq", baseUrl: "http://proxy.example" }]);
    await run("useModel", { model: model("b") });
    expect(server.asked("provider/connect")[0]).toMatchObject({ baseUrl: "http://proxy.example", model: "b" });
  });

  it("shows what the server refuses, and ends", async () => {
    server.answer("model/list", () => {
      throw new ErrorReply("The catalog cannot be read.");
    });
    const done = run("switchModel");
    (await message("The catalog cannot be read.")).press();
    await done;
    expect(window.inputs.every((input) => !input.shown)).toBe(true);
  });
});
