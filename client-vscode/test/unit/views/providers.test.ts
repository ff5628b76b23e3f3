import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TreeDataProvider, TreeItem } from "vscode";

import type { Call } from "../../../src/protocol";
import { LaunchError } from "../../../src/server/launch";
import { registerProviders } from "../../../src/views/providers";
import { commands } from "../../support/editor";
import { budget, circuit, connection, credential, model, provider } from "../../support/rows";
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
    expect(problem).toMatchObject({ label: "Groq cannot be reached.", contextValue: "problem", command: { command: "modelport.showLog" } });
  });

  it("shows each connection of a provider with its own state and models", async () => {
    const work = connection("groq", { name: "work", model: "a", baseUrl: "http://work.example" });
    server.answer("provider/status", {
      active: work,
      connections: [connection("groq", { model: "b" }), work],
      health: [
        { provider: "groq", ok: true, calls: 1, failures: 0 },
        { provider: "groq", connection: "work", ok: false, calls: 1, failures: 1 },
      ],
    });
    server.answer("model/list", { models: [model("a"), model("a", { connection: "work" })], errors: [] });
    const view = tree();
    const nodes = (await view.getChildren()) ?? [];
    expect((await rows(view)).slice(0, 2)).toMatchObject([
      { id: "groq", label: "Groq", iconPath: { id: "pass-filled" } },
      { id: "work", label: "Groq (work)", description: "a", iconPath: { id: "warning" } },
    ]);
    expect((await rows(view, nodes[0])).map((one) => [one.id, one.iconPath])).toMatchObject([["groq/a", { id: "symbol-misc" }]]);
    expect((await rows(view, nodes[1])).map((one) => [one.id, one.iconPath])).toMatchObject([["work/a", { id: "check" }]]);
    expect(server.asked("model/list")).toEqual([{ provider: "groq", cached: true }, { provider: "work", cached: true }]);
    let changes = 0;
    view.onDidChangeTreeData?.(() => (changes += 1));
    const call = { provider: "groq", outcome: "ok" } as Call;
    server.notify("usage/updated", { call });
    server.notify("usage/updated", { call });
    // Each may have been made with another one.
    expect(changes).toBe(2);
  });

  it("shows budgets first, each with what is spent", async () => {
    const resetsAt = new Date(2026, 10, 21).toISOString();
    const worn = { name: "inline", fraction: 1, spentUsdMicros: 5_000_000, state: "exceeded" } as const;
    const [ok, out] = [budget({ resetsAt, reservedUsdMicros: 30_000, scope: { provider: "groq" } }), budget(worn)];
    server.answer("budget/list", { budgets: [ok, budget({ name: "near", state: "warned" }), out] });
    const view = tree();
    const [heading] = await rows(view);
    expect(heading).toMatchObject({ label: "Budgets", contextValue: "budgets" });
    expect(await rows(view, await first(view))).toMatchObject([
      {
        label: "daily",
        description: "50% · $4.21 of $5.00",
        iconPath: { id: "pass" },
        command: { command: "modelport.showUsage" },
        accessibilityInformation: {
          label: expect.stringMatching(
            /^daily: \$4\.21 of \$5\.00, 50%, Reserved for calls under way: \$0\.03, Begins anew: Nov 21, 2026, 12:00\sAM, Counts only: groq$/,
          ),
        },
      },
      { label: "near", iconPath: { id: "warning" } },
      { label: "inline", description: "100% · $5.00 of $5.00", iconPath: { id: "error" } },
    ]);
  });

  it("brings the budgets up to date after calls, once for a burst of them", async () => {
    vi.useFakeTimers();
    try {
      server.answer("budget/list", { budgets: [budget()] });
      const view = tree();
      const heading = await first(view);
      const changes: unknown[] = [];
      view.onDidChangeTreeData?.((node) => changes.push(node));
      const call = { provider: "groq", outcome: "ok" } as Call;
      server.notify("usage/updated", { call });
      server.notify("usage/updated", { call });
      changes.length = 0;
      server.answer("budget/list", { budgets: [budget({ fraction: 0.9 })] });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(changes).toEqual([heading]);
      expect((await rows(view, heading))[0]?.description).toBe("90% · $4.21 of $5.00");
      expect(server.asked("budget/list")).toHaveLength(2);
      // The last one was taken out of the file: the heading goes.
      server.answer("budget/list", { budgets: [] });
      server.notify("usage/updated", { call });
      await vi.advanceTimersByTimeAsync(1_000);
      expect(changes).toEqual([heading, undefined]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("shows the credit of a provider once it was called, or when Refresh was pressed", async () => {
    const reports = { connected: true, reportsCredits: true } as const;
    server.answer("provider/list", { providers: [provider("groq", reports), provider("openai", reports)] });
    server.answer("usage/credits", ({ provider: id }) => {
      if (id === "groq") {
        throw new ErrorReply("Groq cannot be reached.");
      }
      return { remainingUsdMicros: 3_200_000, balances: [{ currency: "USD", remainingMicros: 3_200_000 }] };
    });
    const view = tree();
    const changes: unknown[] = [];
    view.onDidChangeTreeData?.((node) => changes.push(node));
    const [groq, openai] = (await view.getChildren()) ?? [];
    await rows(view, groq);
    await rows(view, openai);
    // Nothing waits for the credit, and it is shown when it is there.
    expect(changes).toEqual([openai]);
    expect(server.asked("usage/credits")).toEqual([{ provider: "openai" }]);
    expect((await rows(view, openai))[0]).toMatchObject({ label: "Credit", description: "$3.20 left", contextValue: "credit" });
    await commands.executeCommand("modelport.refreshProviders");
    const again = (await view.getChildren()) ?? [];
    expect((await rows(view, again[0])).map((one) => one.label)).toEqual(["a", "b"]);
    expect(server.asked("usage/credits")).toEqual([{ provider: "openai" }, { provider: "groq" }]);
    expect(changes).toEqual([openai, undefined]);
  });

  describe("of a provider that rests", () => {
    beforeEach(() => {
      vi.useFakeTimers({ now: new Date(2026, 10, 20, 15, 0, 0) });
    });

    afterEach(() => {
      for (const one of context.extension.subscriptions) {
        one.dispose();
      }
      vi.useRealTimers();
    });

    const resting = (...circuits: ReturnType<typeof circuit>[]) => {
      const health = [{ provider: "groq", ok: false, calls: 0, failures: 0, circuits }];
      server.answer("provider/status", { active: connection("groq", { model: "a" }), connections: [], health });
    };

    it("shows until when, why and since whose call, and shows itself again after that", async () => {
      resting(circuit());
      const view = tree();
      let changes = 0;
      view.onDidChangeTreeData?.(() => (changes += 1));
      const [groq] = await rows(view);
      expect(groq).toMatchObject({ iconPath: { id: "watch" }, description: "a · rests until 3:00:30 PM" });
      expect(groq?.accessibilityInformation?.label).toContain("Groq, rests until 3:00:30 PM, a, ");
      const text = (groq?.tooltip as { value: string }).value;
      expect(text).toContain("slow down");
      expect(text).toContain("called by Zed");
      expect(text).not.toContain("calls in this session");
      await vi.advanceTimersByTimeAsync(29_000);
      expect(changes).toBe(0);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(changes).toBe(1);
    });

    it("names the model that rests, and of several the one that rests for longest", async () => {
      resting(circuit({ model: "a", retryAfterMs: 5_000 }), circuit({ model: "b", retryAfterMs: 30_000, oneKey: true }));
      const [groq] = await rows(tree());
      expect(groq?.description).toBe("a · b rests until 3:00:30 PM");
      expect((groq?.tooltip as { value: string }).value).toContain("one of the keys");
    });

    it("names the day where that is another one", async () => {
      resting(circuit({ until: new Date(2026, 10, 21, 9, 30).toISOString(), retryAfterMs: 60_000_000 }));
      expect((await rows(tree()))[0]?.description).toContain("11/21/26, 9:30 AM");
    });

    it.each([{ background: true }, { state: "halfOpen", retryAfterMs: 0 } as const])("is ready where a person may call it: %o", async (given) => {
      resting(circuit(given));
      const [groq] = await rows(tree());
      expect(groq).toMatchObject({ iconPath: { id: "plug" }, description: "a" });
    });
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
