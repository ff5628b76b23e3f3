import { describe, expect, it } from "vitest";
import * as vscode from "vscode";

import { requestOptions, withoutRefused } from "../../../src/models/request";
import { ErrorCode } from "../../../src/protocol";
import { ErrorReply } from "../../support/scripted-server";

const { Auto, Required } = vscode.LanguageModelChatToolMode;
const refuses = (field: string): ErrorReply => new ErrorReply("Leave it out.", { field }, ErrorCode.InvalidParams);

describe("options of a request", () => {
  it("sends tools, and that one must be called", () => {
    const tools = [
      { name: "read", description: "Reads.", inputSchema: { type: "object", properties: {} } },
      { name: "now", description: "" },
    ];
    expect(requestOptions({ toolMode: Required, tools })).toEqual({
      parameters: {},
      tools: [
        { name: "read", description: "Reads.", parameters: { type: "object", properties: {} } },
        { name: "now", description: "" },
      ],
      toolChoice: "required",
    });
    expect(requestOptions({ toolMode: Auto, tools }).toolChoice).toBe("auto");
  });

  it("demands no call where there are no tools", () => {
    expect(requestOptions({ toolMode: Required, tools: [] })).toEqual({ parameters: {} });
  });

  it("takes what can be a parameter", () => {
    const modelOptions = {
      temperature: 0,
      stop: ["a"],
      parallel_tool_calls: false,
      _otelTraceContext: "x",
      nested: { a: 1 },
      list: [1],
      nothing: null,
    };
    expect(requestOptions({ toolMode: Auto, modelOptions }).parameters).toEqual({
      temperature: 0,
      stop: ["a"],
      parallel_tool_calls: false,
    });
  });
});

describe("what the server refuses", () => {
  it("is left out by its name", () => {
    expect(withoutRefused({ a: 1, b: 2 }, refuses("parameters.a"))).toEqual({ b: 2 });
  });

  it("takes all with it where it was given under another name", () => {
    expect(withoutRefused({ maxTokens: 1, b: 2 }, refuses("parameters.max_tokens"))).toEqual({});
  });

  it("is an error where it is no parameter, or none was given", () => {
    expect(withoutRefused({ a: 1 }, refuses("toolChoice"))).toBeUndefined();
    expect(withoutRefused({}, refuses("parameters.a"))).toBeUndefined();
    expect(withoutRefused({ a: 1 }, new Error("network"))).toBeUndefined();
  });
});
