import { describe, expect, it } from "vitest";
import * as vscode from "vscode";

import { forCaller, toEditorError } from "../../../src/models/errors";
import { ErrorCode, type ErrorKind } from "../../../src/protocol";
import { ErrorReply } from "../../support/scripted-server";

const failed = (kind: ErrorKind): ErrorReply => new ErrorReply("Acme said no: do this.", { kind });

describe("errors for the editor", () => {
  it.each<[ErrorKind, string]>([
    ["auth_required", "NoPermissions"],
    ["keyring_unavailable", "NoPermissions"],
    ["auth_rejected", "NoPermissions"],
    ["invalid_key_format", "NoPermissions"],
  ])("%s says how to give a key", (kind, code) => {
    const error = toEditorError(failed(kind));
    expect(error).toBeInstanceOf(vscode.LanguageModelError);
    expect(error).toMatchObject({
      code,
      message: 'Acme said no: do this. Run "Modelport: Connect Provider" to give a key.',
    });
  });

  it.each<[ErrorKind, string]>([
    ["forbidden", "NoPermissions"],
    ["model_not_found", "NotFound"],
    ["unknown_model", "NotFound"],
    ["unknown_provider", "NotFound"],
    ["content_filtered", "Blocked"],
    ["quota_exhausted", "Blocked"],
    ["budget_exceeded", "Blocked"],
    ["rate_limited", "Blocked"],
    ["network", ""],
    ["stream_interrupted", ""],
  ])("%s is %s, in the server's words", (kind, code) => {
    const cause = failed(kind);
    const error = toEditorError(cause);
    expect(error).toBeInstanceOf(vscode.LanguageModelError);
    expect(error).toMatchObject({ code, message: "Acme said no: do this.", cause });
  });

  it("keeps the sentence of what is not a reply", () => {
    expect(toEditorError(new Error("The server ended."))).toMatchObject({ code: "", message: "The server ended." });
    expect(toEditorError("odd")).toMatchObject({ message: "odd" });
    expect(toEditorError(new ErrorReply("Wrong."))).toMatchObject({ code: "", message: "Wrong." });
  });

  it("knows a cancellation by its code and by the token", () => {
    const reply = new ErrorReply("Cancelled.", {}, ErrorCode.RequestCancelled);
    expect(toEditorError(reply)).toBeInstanceOf(vscode.CancellationError);
    const source = new vscode.CancellationTokenSource();
    source.cancel();
    expect(toEditorError(failed("network"), source.token)).toBeInstanceOf(vscode.CancellationError);
  });

  it("leaves the editor's own errors as they are", () => {
    for (const own of [vscode.LanguageModelError.Blocked("no"), new vscode.CancellationError()]) {
      expect(toEditorError(own)).toBe(own);
    }
  });
});

describe("an error for the caller", () => {
  const error = vscode.LanguageModelError.Blocked("Acme said no.");

  it("is only a sentence for the editor's own chat", () => {
    const shown = forCaller(error, { requestInitiator: "github.copilot-chat" });
    expect(shown).not.toBeInstanceOf(vscode.LanguageModelError);
    expect(shown).toMatchObject({ message: "Acme said no.", stack: "" });
  });

  it("stays a LanguageModelError for any other caller", () => {
    expect(forCaller(error, { requestInitiator: "acme.extension" })).toBe(error);
    expect(forCaller(error, {})).toBe(error);
  });

  it("stays a cancellation", () => {
    const cancelled = new vscode.CancellationError();
    expect(forCaller(cancelled, { requestInitiator: "github.copilot-chat" })).toBe(cancelled);
  });
});
