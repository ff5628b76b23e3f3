import { beforeEach, describe, expect, it } from "vitest";
import type { TreeDataProvider, TreeItem } from "vscode";

import type { Call } from "../../../src/protocol";
import { LaunchError } from "../../../src/server/launch";
import { registerProviders } from "../../../src/views/providers";
import { commands } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import { contextFor, ErrorReply, freshEditor, ScriptedServer, type TestContext } from "../../support/scripted-server";
import { window } from "../../support/window";

let server: ScriptedServer;
let context: TestContext;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", {
    providers: [
      provider("groq", { connected: true, credential: credential("groq") }),
      provider("openai", { credential: credential("openai", { source: "environment", location: "OPENAI_API_KEY" }) }),
      provider("mistral"),
      provider("foreign", { credential: credential("foreign"), supported: false }),
    ],
  });
  server.answer("provider/status", {
    active: connection("groq", { model: "a" }),
    connections: [],
    health: [
      {
        provider: "openai",
        ok: false,
        calls: 3,
        failures: 1,
        lastError: { kind: "auth_rejected", message: "OpenAI refused the key." },
      },
    ],
  });
  server.answer("model/list", { models: [model("a", { contextWindow: 8_000 }), model("b")], errors: [] });
  context = contextFor(server);
});

function tree(): TreeDataProvider<unknown> {
  registerProviders(context);
  return window.trees.get("modelport.providers") as TreeDataProvider<unknown>;
}

async function rows(view: TreeDataProvider<unknown>, node?: unknown): Promise<TreeItem[]> {
  const children = (await view.getChildren(node)) ?? [];
  return Promise.all(children.map(async (child) => view.getTreeItem(child)));
}

async function first(view: TreeDataProvider<unknown>): Promise<unknown> {
  return ((await view.getChildren()) ?? [])[0];
}

describe("the view of providers", () => {
  it("shows those in use with how they are doing", async () => {
    const [groq, openai, ...others] = await rows(tree());
    expect(others).toEqual([]);
    expect(groq).toMatchObject({
      label: "Groq",
      description: "a",
      contextValue: "provider.connected",
      iconPath: { id: "plug" },
      accessibilityInformation: { label: "Groq, connected, a, key in the keyring (…x7Qd)" },
    });
    expect(openai).toMatchObject({
      label: "Openai",
      description: "key from the variable OPENAI_API_KEY (…x7Qd)",
      contextValue: "provider.ready",
      iconPath: { id: "warning" },
    });
    expect(openai?.tooltip).toMatchObject({ value: expect.stringContaining("OpenAI refused the key.") });
  });

  it("shows a provider's models from what is known, the one in use marked", async () => {
    const view = tree();
    const models = await rows(view, await first(view));
    expect(server.asked("model/list")).toEqual([{ provider: "groq", cached: true }]);
    expect(models.map((one) => [one.label, one.description, one.contextValue, one.iconPath])).toMatchObject([
      ["a", "8K context", "model", { id: "check" }],
      ["b", "", "model", { id: "symbol-misc" }],
    ]);
    expect(await view.getChildren({ kind: "model", model: model("a") })).toEqual([]);
  });

  it("asks the provider where nothing is known, and says what it answers", async () => {
    const error = { kind: "network", message: "Groq cannot be reached." } as const;
    server.answer("model/list", ({ cached }) => ({ models: [], errors: cached ? [] : [{ provider: "groq", error }] }));
    const view = tree();
    const [problem] = await rows(view, await first(view));
    expect(server.asked("model/list")).toEqual([{ provider: "groq", cached: true }, { provider: "groq" }]);
    expect(problem).toMatchObject({ label: "Groq cannot be reached.", contextValue: "problem" });
  });

  it("shows a refusal as a row", async () => {
    server.answer("model/list", () => {
      throw new ErrorReply("Groq is gone.");
    });
    const view = tree();
    expect((await rows(view, await first(view))).map((one) => one.label)).toEqual(["Groq is gone."]);
  });

  it("asks the providers anew when the button is pressed", async () => {
    const view = tree();
    let changes = 0;
    view.onDidChangeTreeData?.(() => (changes += 1));
    await commands.executeCommand("modelport.refreshProviders");
    expect(changes).toBe(1);
    const node = await first(view);
    await rows(view, node);
    await rows(view, node);
    expect(server.asked("model/list")).toEqual([
      { provider: "groq", refresh: true },
      { provider: "groq", cached: true },
    ]);
  });

  it("is drawn anew when connections change, a server comes up, or a provider begins to fail", async () => {
    const view = tree();
    let changes = 0;
    view.onDidChangeTreeData?.(() => (changes += 1));
    context.modelsChanged("user");
    server.become({ kind: "starting" });
    server.become({ kind: "running" });
    expect(changes).toBe(2);
    const call = { provider: "groq", outcome: "failed" } as Call;
    server.notify("usage/updated", { call });
    server.notify("usage/updated", { call });
    expect(changes).toBe(3);
  });

  it("is empty when nothing is in use", async () => {
    server.answer("provider/list", { providers: [provider("mistral")] });
    expect(await rows(tree())).toEqual([]);
    expect(commands.executed).toContainEqual(["setContext", "modelport.failed", false]);
  });

  it("does not start a server that has failed, until the button is pressed", async () => {
    server.state = { kind: "failed", message: "No Python." };
    const view = tree();
    expect(await rows(view)).toEqual([]);
    expect(server.requests).toEqual([]);
    expect(commands.executed).toContainEqual(["setContext", "modelport.failed", true]);
    server.answer("provider/list", () => {
      throw new LaunchError("No Python.");
    });
    await commands.executeCommand("modelport.refreshProviders");
    expect(server.asked("provider/list")).toHaveLength(1);
  });

  it("shows nothing where the server does not answer", async () => {
    server.answer("provider/list", () => {
      throw new ErrorReply("No.");
    });
    expect(await rows(tree())).toEqual([]);
  });
});
