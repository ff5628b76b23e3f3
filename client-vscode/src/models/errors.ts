import * as vscode from "vscode";

import type { ErrorKind } from "../protocol";
import { dataOf } from "../shared/failure";

/** A request was cancelled, by code of the Language Server Protocol. */
const REQUEST_CANCELLED = -32800;

type Raise = (message: string) => vscode.LanguageModelError;

const RAISED: Partial<Record<ErrorKind, Raise>> = {
  auth_required: noPermissions,
  auth_rejected: noPermissions,
  keyring_unavailable: noPermissions,
  invalid_key_format: noPermissions,
  forbidden: (message) => vscode.LanguageModelError.NoPermissions(message),
  model_not_found: (message) => vscode.LanguageModelError.NotFound(message),
  unknown_model: (message) => vscode.LanguageModelError.NotFound(message),
  unknown_provider: (message) => vscode.LanguageModelError.NotFound(message),
  content_filtered: (message) => vscode.LanguageModelError.Blocked(message),
  quota_exhausted: (message) => vscode.LanguageModelError.Blocked(message),
  budget_exceeded: (message) => vscode.LanguageModelError.Blocked(message),
  rate_limited: (message) => vscode.LanguageModelError.Blocked(message),
};

/**
 * An error as the editor's language model interface has it. The message is the server's, which says what to do next.
 *
 * @param token the request's; when it was cancelled, whatever went wrong afterwards is the cancellation.
 */
export function toEditorError(error: unknown, token?: vscode.CancellationToken): Error {
  if (token?.isCancellationRequested || codeOf(error) === REQUEST_CANCELLED) {
    return new vscode.CancellationError();
  }
  if (error instanceof vscode.LanguageModelError || error instanceof vscode.CancellationError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  const { kind } = dataOf(error);
  const raise = kind === undefined ? undefined : RAISED[kind];
  const raised = raise?.(message) ?? new vscode.LanguageModelError(message);
  raised.cause = error;
  return raised;
}

/** The editor's own chat, in the option that names the caller of a request. Some editors leave the option out. */
const OWN_CHAT = "github.copilot-chat";

/**
 * The error in the form that suits the caller. The editor's own chat shows errors with their stacks, and every
 * LanguageModelError gets a stack on the way to it: for the chat it is a plain error without one, so that the user sees
 * the message and nothing else. For any other caller the error is unchanged.
 */
export function forCaller(error: Error, options: object): Error {
  const caller: unknown = "requestInitiator" in options ? options.requestInitiator : undefined;
  if (caller !== OWN_CHAT || !(error instanceof vscode.LanguageModelError)) {
    return error;
  }
  const plain = new Error(error.message);
  plain.stack = "";
  return plain;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function noPermissions(message: string): vscode.LanguageModelError {
  const way = vscode.l10n.t('Run "Modelport: Connect Provider" to give a key.');
  return vscode.LanguageModelError.NoPermissions(`${message} ${way}`);
}
