import { existsSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as vscode from "vscode";

import type { ModelInformation } from "../../../src/models/information";
import { ModelProvider } from "../../../src/models/provider";
import { newLog } from "../../support/log";
import { Told } from "../../support/progress";
import { REAL_SERVER, RealServer } from "../../support/real-server";

const { User, Assistant } = vscode.LanguageModelChatMessageRole;
const never = new vscode.CancellationTokenSource().token;
const TOOL = {
  name: "read_file",
  description: "Reads a file.",
  inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

/** Against the process itself, where it is installed: what the scripted server only pretends. */
describe.skipIf(!existsSync(REAL_SERVER))("the models of a real server", () => {
  let server: RealServer;
  let provider: ModelProvider;

  beforeAll(async () => {
    server = await RealServer.start();
    await server.request("provider/connect", { provider: "mock" });
    provider = new ModelProvider(server.context(newLog().log));
  });

  afterAll(async () => {
    provider.dispose();
    expect(await server.stop()).toBe(0);
  });

  async function answer(
    model: string,
    content: unknown[][],
    options: Partial<vscode.ProvideLanguageModelChatResponseOptions> = {},
    told = new Told(),
    token: vscode.CancellationToken = never,
  ): Promise<Told> {
    const messages = content.map((parts, place) => ({
      role: place % 2 === 0 ? User : Assistant,
      content: parts,
      name: undefined,
    }));
    const toolMode = vscode.LanguageModelChatToolMode.Auto;
    const chosen = { id: `mock/${model}` } as ModelInformation;
    await provider.provideLanguageModelChatResponse(chosen, messages, { toolMode, ...options }, told, token);
    return told;
  }

  const text = (value: string): unknown[] => [new vscode.LanguageModelTextPart(value)];

  it("are listed silently once they were fetched", async () => {
    const ids = async (silent: boolean): Promise<string[]> =>
      (await provider.provideLanguageModelChatInformation({ silent }, never)).map((model) => model.id);
    expect(await ids(false)).toContain("mock/mock:think");
  });

  it("answer in chunks", async () => {
    const told = await answer("mock:think,words=5", [text("Hi")]);
    const chunks = told.parts.filter((part) => typeof part === "string");
    expect(chunks.length).toBeGreaterThan(0);
    expect(told.text.trim().split(/\s+/)).toHaveLength(5);
    expect(told.parts[0]).toMatchObject({ id: "thought-1" });
    const usage = { prompt_tokens: 1, completion_tokens: expect.any(Number) as unknown };
    expect(told.parts.at(-1)).toMatchObject({ usage });
  });

  it("call tools and take their results", async () => {
    const first = await answer("mock:tools", [text("Read it.")], { tools: [TOOL] });
    expect(first.parts.at(-1)).toMatchObject({ name: "read_file", input: { path: expect.any(String) as unknown } });
    const { call, input } = first.parts.at(-1) as { call: string; input: object };
    const second = await answer(
      "mock:tools",
      [
        text("Read it."),
        [new vscode.LanguageModelToolCallPart(call, TOOL.name, input)],
        [new vscode.LanguageModelToolResultPart(call, text("naïve 東京"))],
      ],
      { tools: [TOOL] },
    );
    expect(second.text).toContain("naïve 東京");
  });

  it("take images, and leave out unknown options", async () => {
    const image = vscode.LanguageModelDataPart.image(new Uint8Array([137, 80, 78, 71]), "image/png");
    const modelOptions = { temperature: 0, nonsense: true };
    const told = await answer("mock", [[...text("Look: "), image]], { modelOptions });
    expect(told.text).toContain("Look");
  });

  it.each([
    ["auth_rejected", "NoPermissions"],
    ["model_not_found", "NotFound"],
    ["rate_limited", "Blocked"],
    ["network", ""],
  ])("fail with %s as %s", async (kind, code) => {
    const failed = answer(`mock:fail=${kind}`, [text("Hi")]);
    await expect(failed).rejects.toBeInstanceOf(vscode.LanguageModelError);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(/[.:]/) as unknown });
  });

  it("keep what was said when they break off", async () => {
    const told = new Told();
    const cut = answer("mock:words=9,cut=2", [text("Hi")], {}, told);
    await expect(cut).rejects.toBeInstanceOf(vscode.LanguageModelError);
    expect(told.text).not.toBe("");
  });

  it("stop when they are cancelled, also upstream", async () => {
    const source = new vscode.CancellationTokenSource();
    const told = new Told();
    const stalled = answer("mock:words=9,stall=2", [text("Hi")], {}, told, source.token);
    await vi.waitFor(() => expect(told.text).not.toBe(""));
    source.cancel();
    await expect(stalled).rejects.toBeInstanceOf(vscode.CancellationError);
    await vi.waitFor(() => {
      const calls = server.notifications.filter((one) => one.method === "usage/updated");
      expect(calls.at(-1)?.params).toMatchObject({ call: { model: "mock:words=9,stall=2", outcome: "cancelled" } });
    });
  });

  it("are counted by the server", async () => {
    const model = { id: "mock/mock" } as ModelInformation;
    expect(await provider.provideTokenCount(model, "one ".repeat(2_000), never)).toBe(2_000);
    // An estimate here would be the same: what counts is that the server takes each.
    const ask = vi.spyOn(server, "request");
    const text = [new vscode.LanguageModelTextPart("one ".repeat(2_000))];
    const result = [new vscode.LanguageModelToolResultPart("c1", text)];
    const { User, Assistant } = vscode.LanguageModelChatMessageRole;
    const messages = [[User, text], [Assistant, text], [(3 as unknown) as vscode.LanguageModelChatMessageRole, text], [User, result]] as const;
    for (const [role, content] of messages) {
      await provider.provideTokenCount(model, { role, content: [...content], name: undefined }, never);
    }
    expect(ask).toHaveBeenCalledTimes(messages.length);
    await expect(Promise.all(ask.mock.results.map(({ value }) => value as Promise<unknown>))).resolves.toBeDefined();
  });
});
