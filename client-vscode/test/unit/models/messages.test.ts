import { describe, expect, it, vi } from "vitest";
import * as vscode from "vscode";

import { toMessages } from "../../../src/models/messages";
import { LanguageModelThinkingPart } from "../../support/languageModels";

const { User, Assistant } = vscode.LanguageModelChatMessageRole;
/** The number under which the editor's own agent sends its instructions. */
const SYSTEM: unknown = 3;
const text = (value: string): vscode.LanguageModelTextPart => new vscode.LanguageModelTextPart(value);
const mark = new vscode.LanguageModelDataPart(new TextEncoder().encode("ephemeral"), "cache_control");
const picture = vscode.LanguageModelDataPart.image(new Uint8Array([1, 2, 3]), "image/png");

function message(role: unknown, ...content: unknown[]): vscode.LanguageModelChatRequestMessage {
  return { role: role as vscode.LanguageModelChatMessageRole, content, name: undefined };
}

describe("messages on the wire", () => {
  it("joins texts, and leaves out what belongs to the editor", () => {
    const thought = new LanguageModelThinkingPart("hm", "t");
    const system = message(SYSTEM, text("Be "), text("brief."), mark);
    expect(toMessages([system, message(User, text("Hel"), text("lo"), mark, thought)])).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hello" },
    ]);
  });

  it("sends images as base64, in their place", () => {
    expect(toMessages([message(User, text("a"), text("b"), picture, text("c")), message(User, picture)])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "ab" },
          { type: "image", data: "AQID", mimeType: "image/png" },
          { type: "text", text: "c" },
        ],
      },
      { role: "user", content: [{ type: "image", data: "AQID", mimeType: "image/png" }] },
    ]);
  });

  it("reads data that is text", () => {
    const parts = [
      vscode.LanguageModelDataPart.text("plain "),
      vscode.LanguageModelDataPart.json({ a: 1 }),
      vscode.LanguageModelDataPart.text("<a/>", "image+xml"),
      new vscode.LanguageModelDataPart(new Uint8Array([0]), "application/octet-stream"),
    ];
    expect(toMessages([message(User, ...parts)])).toEqual([{ role: "user", content: 'plain {"a":1}<a/>' }]);
  });

  it("sends the calls of an answer with its text", () => {
    const call = new vscode.LanguageModelToolCallPart("c1", "read", { path: "a" });
    expect(toMessages([message(Assistant, text("Let me see."), call), message(Assistant, call)])).toEqual([
      {
        role: "assistant",
        content: "Let me see.",
        toolCalls: [{ id: "c1", name: "read", arguments: { path: "a" } }],
      },
      { role: "assistant", toolCalls: [{ id: "c1", name: "read", arguments: { path: "a" } }] },
    ]);
  });

  it("puts results of tools in front of what else a message says", () => {
    const first = new vscode.LanguageModelToolResultPart("c1", [text("one"), "two", mark]);
    const second = new vscode.LanguageModelToolResultPart("c2", [text("seen:"), picture]);
    const none = new vscode.LanguageModelToolResultPart("c3", []);
    expect(toMessages([message(User, text("Go on."), first, second, none)])).toEqual([
      { role: "tool", toolCallId: "c1", content: "onetwo" },
      {
        role: "tool",
        toolCallId: "c2",
        content: [
          { type: "text", text: "seen:" },
          { type: "image", data: "AQID", mimeType: "image/png" },
        ],
      },
      { role: "tool", toolCallId: "c3", content: "" },
      { role: "user", content: "Go on." },
    ]);
  });

  it("takes the texts out of rendered prompt elements", () => {
    const element = {
      node: {
        type: 1,
        children: [
          { type: 2, text: "first" },
          { type: 1, children: [{ type: 2, text: "second", lineBreakBefore: 1 }] },
          { type: 3, value: 7 },
        ],
      },
    };
    const parts = [element, "plain", 7].map((value) => new vscode.LanguageModelPromptTsxPart(value));
    const result = new vscode.LanguageModelToolResultPart("c1", parts);
    expect(toMessages([message(User, result)])).toEqual([
      { role: "tool", toolCallId: "c1", content: "first\nsecondplain" },
    ]);
  });

  it("leaves out messages without anything to read", () => {
    expect(toMessages([message(SYSTEM, mark), message(User, mark), message(Assistant, text(""), mark)])).toEqual([]);
  });

  it("gives an answer the state that its provider needs back", () => {
    const recall = vi.fn(() => ({ signature: "s" }));
    const [sent] = toMessages([message(Assistant, text("Hi"))], recall);
    expect(sent).toEqual({ role: "assistant", content: "Hi", providerState: { signature: "s" } });
    expect(recall).toHaveBeenCalledWith({ text: "Hi", toolCalls: [] });
  });
});
