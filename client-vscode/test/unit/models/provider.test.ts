import { beforeEach, describe, expect, it, vi } from "vitest";
import * as vscode from "vscode";

import type { ModelInformation } from "../../../src/models/information";
import { ModelProvider } from "../../../src/models/provider";
import { registerModels } from "../../../src/models/register";
import {
  type Completion,
  type CreateCompletionParams,
  ErrorCode,
  type Model,
  type Provider,
} from "../../../src/protocol";
import { Told } from "../../support/progress";
import {
  contextFor,
  ErrorReply,
  ScriptedServer,
  type TestContext,
  untilCancelled,
} from "../../support/scripted-server";

const { User, Assistant } = vscode.LanguageModelChatMessageRole;
/** The editor's own agent uses a role that the enumeration does not have. */
const SYSTEM = (3 as unknown) as vscode.LanguageModelChatMessageRole;
const ACME = { id: "acme", displayName: "Acme", connectionType: "byok" } as unknown as Provider;
const USAGE = { inputTokens: 12, outputTokens: 3, cacheReadTokens: 4, latencyMs: 1, usdMicros: null, estimated: false };
const TOLD_USAGE = {
  usage: {
    prompt_tokens: 12,
    completion_tokens: 3,
    total_tokens: 15,
    prompt_tokens_details: { cached_tokens: 4 },
  },
};
const MODEL = { id: "acme/m" } as ModelInformation;

const live = (id: string): Model => ({ id, provider: "acme", source: "live" });
const never = new vscode.CancellationTokenSource().token;

function completion(more: Partial<Completion> = {}): Completion {
  return {
    text: "Hello",
    reasoning: "",
    toolCalls: [],
    finishReason: "stop",
    provider: "acme",
    model: "m",
    usage: USAGE,
    attempts: [],
    ...more,
  };
}

let server: ScriptedServer;
let context: TestContext;
let provider: ModelProvider;
let changes: number;

beforeEach(() => {
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [ACME] });
  server.answer("model/list", { models: [live("m")], errors: [] });
  server.answer("completion/create", completion());
  context = contextFor(server);
  provider = new ModelProvider(context);
  changes = 0;
  provider.onDidChangeLanguageModelChatInformation(() => {
    changes += 1;
  });
});

function models(silent: boolean): Promise<string[]> {
  return provider.provideLanguageModelChatInformation({ silent }, never).then((all) => all.map((model) => model.id));
}

/** Everything that is under way among promises has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The provider has a model that is not known yet. */
function answerMoreWhenAsked(): void {
  const [known, all] = [[live("m")], [live("m"), live("n")]];
  server.answer("model/list", ({ cached }) => ({ models: cached ? known : all, errors: [] }));
}

/** How the list was asked for, each time: from what is known or not. */
function asked(): (boolean | undefined)[] {
  return server.asked("model/list").map((params) => params.cached);
}

describe("a silent question for models", () => {
  it("is answered from what is known, with the providers' names", async () => {
    const [model] = await provider.provideLanguageModelChatInformation({ silent: true }, never);
    expect(model).toMatchObject({ id: "acme/m", detail: "Acme", category: { label: "Acme" } });
    expect(asked()).toEqual([true]);
    expect(server.asked("provider/list")).toEqual([{ configuredOnly: true }]);
    // The user has asked for nothing: no server is installed for this.
    expect(server.inBackground).toHaveLength(server.requests.length);
  });

  it("has an empty answer where the server does not start", async () => {
    server.answer("model/list", () => {
      throw new Error("No Python was found: install uv.");
    });
    expect(await models(true)).toEqual([]);
    expect(context.logged.join()).toContain("No Python was found: install uv.");
  });

  it("offers nothing", async () => {
    const run = vi.spyOn(vscode.commands, "executeCommand");
    server.answer("model/list", { models: [], errors: [] });
    expect(await models(true)).toEqual([]);
    expect(run).not.toHaveBeenCalled();
    expect(asked()).toEqual([true]);
  });
});

describe("a question for models that is not silent", () => {
  it("is answered at once, and asks the providers afterwards", async () => {
    answerMoreWhenAsked();
    expect(await models(false)).toEqual(["acme/m"]);
    expect(server.inBackground).toEqual([]);
    await vi.waitFor(() => expect(changes).toBe(1));
    expect(asked()).toEqual([true, false]);
  });

  it("changes nothing where the list is the same", async () => {
    await models(false);
    await vi.waitFor(() => expect(asked()).toEqual([true, false]));
    await settled();
    expect(changes).toBe(0);
  });

  it("asks the providers first where nothing is known", async () => {
    const run = vi.spyOn(vscode.commands, "executeCommand");
    server.answer("model/list", ({ cached }) => ({ models: cached ? [] : [live("m")], errors: [] }));
    expect(await models(false)).toEqual(["acme/m"]);
    expect(run).not.toHaveBeenCalled();
  });

  it("offers to connect a provider where there is none", async () => {
    server.answer("model/list", { models: [], errors: [] });
    const run = vi.spyOn(vscode.commands, "executeCommand").mockImplementation(async () => {
      server.answer("model/list", { models: [live("m")], errors: [] });
    });
    expect(await models(false)).toEqual(["acme/m"]);
    expect(run.mock.calls).toEqual([["modelport.connect"]]);
  });

  it("fails with the server's sentence", async () => {
    server.answer("model/list", () => {
      throw new Error("No Python was found: install uv.");
    });
    await expect(models(false)).rejects.toMatchObject({
      name: "LanguageModelError",
      message: "No Python was found: install uv.",
    });
  });

  it("logs which providers could not be listed", async () => {
    const error = { kind: "network" as const, message: "Acme cannot be reached." };
    server.answer("model/list", { models: [live("m")], errors: [{ provider: "acme", error }] });
    await models(false);
    expect(context.logged.join()).toContain("acme could not be listed: Acme cannot be reached.");
  });
});

describe("a change of the models", () => {
  it("changes when something was connected, and again when its list has arrived", async () => {
    await models(true);
    answerMoreWhenAsked();
    context.modelsChanged("user");
    expect(changes).toBe(1);
    await vi.waitFor(() => expect(changes).toBe(2));
  });

  it("changes after a restart, and the providers are not asked, since the user has done nothing", async () => {
    await models(true);
    answerMoreWhenAsked();
    context.modelsChanged("restart");
    await settled();
    expect(changes).toBe(1);
    expect(asked()).toEqual([true]);
  });

  it("asks one at a time", async () => {
    context.modelsChanged("user");
    context.modelsChanged("user");
    await vi.waitFor(() => expect(asked()).toEqual([false]));
  });

  it("is no error where the list cannot be had", async () => {
    await models(true);
    server.answer("model/list", () => {
      throw new Error("The server ended.");
    });
    context.modelsChanged("user");
    await vi.waitFor(() => expect(context.logged.join()).toContain("The server ended."));
    expect(changes).toBe(1);
  });

  it("changes when the server has started, unless for the question itself", async () => {
    server.become({ kind: "starting" });
    expect(changes).toBe(0);
    server.become({ kind: "running" });
    expect(changes).toBe(1);
    server.answer("model/list", () => {
      server.become({ kind: "running" });
      return { models: [], errors: [] };
    });
    await models(true);
    expect(changes).toBe(1);
  });

  it("fires no event after dispose", () => {
    provider.dispose();
    context.modelsChanged("user");
    server.become({ kind: "running" });
    expect(changes).toBe(0);
    expect(asked()).toEqual([]);
  });
});

interface Asked extends Partial<vscode.ProvideLanguageModelChatResponseOptions> {
  readonly token?: vscode.CancellationToken;
  readonly messages?: Said[];
}

async function answer(
  told: Told,
  { token = never, messages = [said("Hi")], ...options }: Asked = {},
): Promise<void> {
  const toolMode = vscode.LanguageModelChatToolMode.Auto;
  await provider.provideLanguageModelChatResponse(MODEL, messages, { toolMode, ...options }, told, token);
}

type Said = vscode.LanguageModelChatRequestMessage;

function said(text: string, role = User): Said {
  return { role, content: [new vscode.LanguageModelTextPart(text)], name: undefined };
}

function stream({ streamId = "" }: CreateCompletionParams, ...updates: object[]): void {
  updates.forEach((update, seq) => server.notify("completion/update", { streamId, seq, update: update as never }));
}

describe("an answer", () => {
  it("is reported while it arrives, and once", async () => {
    server.answer("completion/create", (params) => {
      stream(params, { kind: "text", text: "Hel" }, { kind: "text", text: "lo" });
      stream({ streamId: "another" }, { kind: "text", text: "!" });
      return completion();
    });
    const told = new Told();
    await answer(told);
    expect(told.parts).toEqual(["Hel", "lo", TOLD_USAGE]);
    const [params] = server.asked("completion/create");
    expect(params?.resets).toBe(false);
    expect(params).toMatchObject({ model: "acme/m", messages: [{ role: "user", content: "Hi" }], parameters: {} });
  });

  it("has thoughts, one for each time it thinks", async () => {
    server.answer("completion/create", (params) => {
      const thinks = (text: string): object => ({ kind: "reasoning", text });
      stream(params, thinks("h"), thinks("m"), { kind: "text", text: "Hello" }, thinks("oh"));
      return completion();
    });
    const told = new Told();
    await answer(told);
    expect(told.parts).toEqual([
      { thought: "h", id: "thought-1" },
      { thought: "m", id: "thought-1" },
      "Hello",
      { thought: "oh", id: "thought-2" },
      TOLD_USAGE,
    ]);
  });

  it("goes on where the editor refuses a part", async () => {
    server.answer("completion/create", (params) => {
      stream(params, { kind: "reasoning", text: "h" }, { kind: "reasoning", text: "m" });
      stream(params, { kind: "text", text: "Hello" });
      return completion();
    });
    const told = new Told((part) => !(part instanceof vscode.LanguageModelTextPart));
    await answer(told);
    expect(told.parts).toEqual(["Hello"]);
    expect(context.logged.filter((line) => line.includes("refuses"))).toHaveLength(2);
  });

  it("calls tools when it is whole", async () => {
    const toolCalls = [
      { id: "c1", name: "read", arguments: { path: "a" } },
      { id: "c2", name: "now", arguments: {} },
    ];
    server.answer("completion/create", (params) => {
      stream(params, { kind: "toolCall", index: 0, id: "c1", name: "read", argumentsDelta: '{"pa' });
      stream(params, { kind: "attempt", provider: "acme", model: "m", reason: "network" });
      return completion({ text: "", toolCalls, finishReason: "toolCalls" });
    });
    const told = new Told();
    const tools = [{ name: "read", description: "Reads." }];
    await answer(told, { tools, toolMode: vscode.LanguageModelChatToolMode.Required });
    expect(told.parts).toEqual([
      TOLD_USAGE,
      { call: "c1", name: "read", input: { path: "a" } },
      { call: "c2", name: "now", input: {} },
    ]);
    expect(server.asked("completion/create")[0]).toMatchObject({ tools, toolChoice: "required" });
    expect(context.logged.join()).toContain("acme/m failed (network)");
  });

  it("is an error if its arguments cannot be parsed", async () => {
    const toolCalls = [
      { id: "c1", name: "now", arguments: {} },
      { id: "c2", name: "read", argumentsText: "{oh" },
    ];
    server.answer("completion/create", completion({ toolCalls }));
    const told = new Told();
    await expect(answer(told)).rejects.toThrow('m called the tool "read" with arguments that are not a JSON object');
    expect(told.parts).toEqual([]);
  });

  it.each([
    ["contentFilter", "Blocked", "blocked the answer"],
    ["length", "", "output limit"],
    ["budget", "", "more than a budget has left"],
    ["stop", "", "gave an empty answer"],
  ] as const)("is an error without a word, because of %s", async (finishReason, code, message) => {
    server.answer("completion/create", completion({ text: "", finishReason }));
    const sentence = expect.stringContaining(message) as unknown;
    await expect(answer(new Told())).rejects.toMatchObject({ code, message: sentence });
  });

  it.each([
    ["contentFilter", "Blocked", "blocked the rest"],
    ["length", "", "output limit, so the answer is cut"],
    ["budget", "", "The answer of m is cut: it cost more than a budget has left"],
  ] as const)("says that it was cut, because of %s", async (finishReason, code, message) => {
    server.answer("completion/create", (params) => {
      stream(params, { kind: "text", text: "Hel" });
      return completion({ text: "Hel", finishReason });
    });
    const told = new Told();
    const sentence = expect.stringContaining(message) as unknown;
    await expect(answer(told)).rejects.toMatchObject({ code, message: sentence });
    expect(told.parts).toEqual(["Hel", TOLD_USAGE]);
  });

  it("calls tools where a limit has cut it behind whole calls, and none that it has cut", async () => {
    const toolCalls = [{ id: "c1", name: "now", arguments: {} }];
    server.answer("completion/create", completion({ text: "", toolCalls, finishReason: "length" }));
    const told = new Told();
    await answer(told);
    expect(told.parts).toEqual([TOLD_USAGE, { call: "c1", name: "now", input: {} }]);
    const cut = [{ id: "c2", name: "read", argumentsText: "{oh" }];
    server.answer("completion/create", completion({ toolCalls: cut, finishReason: "length" }));
    await expect(answer(new Told())).rejects.toThrow("m reached its output limit");
    server.answer("completion/create", completion({ toolCalls: cut, finishReason: "budget" }));
    await expect(answer(new Told())).rejects.toThrow("it cost more than a budget has left");
  });

  it("keeps what came before it failed", async () => {
    server.answer("completion/create", (params) => {
      stream(params, { kind: "text", text: "Hel" });
      expect(context.answering.busy).toBe(true);
      throw new ErrorReply("The answer broke off: try again.", { kind: "stream_interrupted" });
    });
    const told = new Told();
    const broken = answer(told, { modelOptions: { temperature: 1 } });
    await expect(broken).rejects.toThrow("The answer broke off: try again.");
    expect(context.answering.busy).toBe(false);
    expect(told.parts).toEqual(["Hel"]);
    stream({ streamId: server.asked("completion/create")[0]?.streamId ?? "" }, { kind: "text", text: "lo" });
    expect(told.parts, "no listener is left").toEqual(["Hel"]);
  });

  it("ends when it is cancelled", async () => {
    const source = new vscode.CancellationTokenSource();
    server.answer("completion/create", (params, token) => {
      stream(params, { kind: "text", text: "Hel" });
      const ended = untilCancelled(params, token);
      source.cancel();
      stream(params, { kind: "text", text: "lo" });
      return ended;
    });
    const told = new Told();
    await expect(answer(told, { token: source.token })).rejects.toBeInstanceOf(vscode.CancellationError);
    expect(told.parts).toEqual(["Hel"]);
  });

  it("is requested again without the options that the model does not take", async () => {
    server.answer("completion/create", ({ parameters = {} }) => {
      const [refused] = ["temperature", "n"].filter((name) => name in parameters);
      if (refused) {
        const field = `parameters.${refused}`;
        throw new ErrorReply(`Acme does not take ${refused}: leave it out.`, { field }, ErrorCode.InvalidParams);
      }
      return completion();
    });
    await answer(new Told(), { modelOptions: { n: 1, temperature: 1, top_p: 0.5 } });
    expect(server.asked("completion/create").map((params) => params.parameters)).toEqual([
      { n: 1, temperature: 1, top_p: 0.5 },
      { n: 1, top_p: 0.5 },
      { top_p: 0.5 },
    ]);
    expect(context.logged.join()).toContain("Acme does not take temperature: leave it out. It is left out.");
  });

  it("returns the state that its provider needs", async () => {
    server.answer("completion/create", completion({ providerState: { signature: "s" } }));
    await answer(new Told());
    await answer(new Told(), { messages: [said("Hi"), said("Hello", Assistant), said("And?")] });
    expect(server.asked("completion/create")[1]?.messages?.[1]).toEqual({
      role: "assistant",
      content: "Hello",
      providerState: { signature: "s" },
    });
  });

  it("has the list read once, as the provider is in use now", async () => {
    await answer(new Told());
    await vi.waitFor(() => expect(asked()).toEqual([false]));
    await settled();
    await answer(new Told());
    expect(asked()).toEqual([false]);
  });
});

describe("an editor that cannot show thoughts", () => {
  it("gets none", async () => {
    vi.resetModules();
    vi.doMock("vscode", async (original) => ({
      ...(await original<typeof vscode>()),
      LanguageModelThinkingPart: undefined,
    }));
    const { Report } = await import("../../../src/models/report.js");
    vi.doUnmock("vscode");
    const told = new Told();
    new Report(told, context.log).reasoning("hm");
    expect(told.parts).toEqual([]);
  });
});

describe("counting tokens", () => {
  const count = (input: string | Said, token = never): Promise<number> =>
    provider.provideTokenCount(MODEL, input, token);
  const long = "x".repeat(8_000);

  beforeEach(() => server.answer("token/count", { inputTokens: 1_234, estimated: false }));

  it("estimates what is short", async () => {
    expect(await count("12345")).toBe(2);
    expect(await count("")).toBe(0);
    const call = new vscode.LanguageModelToolCallPart("c1", "read", { a: 1 });
    expect(await count({ role: Assistant, content: [call], name: undefined })).toBe(3);
    expect(server.requests).toEqual([]);
  });

  it("asks about what is long", async () => {
    expect(await count(long)).toBe(1_234);
    expect(await count(said(long))).toBe(1_234);
    expect(server.asked("token/count")).toEqual([
      { model: "acme/m", text: long },
      { model: "acme/m", messages: [{ role: "user", content: long }] },
    ]);
  });

  it("asks about a message that is no conversation by itself as a text, since the server refuses it", async () => {
    const result = new vscode.LanguageModelToolResultPart("c1", [new vscode.LanguageModelTextPart(long)]);
    const call = new vscode.LanguageModelToolCallPart("c1", "read", { path: long });
    await count(said(long, SYSTEM));
    await count(said(long, Assistant));
    await count({ role: User, content: [result], name: undefined });
    await count({ role: Assistant, content: [call], name: undefined });
    expect(server.asked("token/count")).toEqual([
      { model: "acme/m", text: long },
      { model: "acme/m", text: long },
      { model: "acme/m", text: long },
      { model: "acme/m", text: `read{"path":"${long}"}` },
    ]);
  });

  it("estimates where the server cannot be asked", async () => {
    const source = new vscode.CancellationTokenSource();
    source.cancel();
    expect(await count(long, source.token)).toBe(2_000);
    server.state = { kind: "stopped" };
    expect(await count(long)).toBe(2_000);
    expect(server.requests).toEqual([]);
  });

  it("estimates where the provider does not answer", async () => {
    server.answer("token/count", () => {
      throw new ErrorReply("Acme cannot be reached.", { kind: "network" });
    });
    expect(await count(long)).toBe(2_000);
  });
});

describe("registration", () => {
  it("is made under the vendor of the manifest, and undone with the extension", () => {
    const dispose = vi.fn();
    const order: string[] = [];
    const register = vi
      .spyOn(vscode.lm, "registerLanguageModelChatProvider")
      .mockImplementation((_, registered) => {
        order.push("registered");
        registered.onDidChangeLanguageModelChatInformation?.(() => order.push("changed"));
        return new vscode.Disposable(dispose);
      });
    registerModels(context);
    expect(register).toHaveBeenCalledWith("modelport", expect.any(ModelProvider));
    // The editor asks a provider that has registered for nothing until the event is fired.
    expect(order).toEqual(["registered", "changed"]);
    for (const one of context.extension.subscriptions) {
      one.dispose();
    }
    expect(dispose).toHaveBeenCalledOnce();
  });
});
