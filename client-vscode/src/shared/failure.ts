import * as vscode from "vscode";

import { ErrorCode, type ErrorData, type ErrorKind } from "../protocol";
import type { Context } from "./context";

/** What a request failed with: the server's sentence for a person, and what it says for a program. */
export interface Failure {
  readonly message: string;
  readonly kind?: ErrorKind;
  /** The parameter at fault. */
  readonly field?: string;
}

/** Reads an error of any origin. */
export function failureOf(error: unknown): Failure {
  const data = dataOf(error);
  return {
    message: error instanceof Error ? error.message : String(error),
    ...(data.kind !== undefined && { kind: data.kind }),
    ...(data.field !== undefined && { field: data.field }),
  };
}

/** Whether the work was cancelled, of which nobody has to be told. */
export function isCancelled(error: unknown): boolean {
  return (
    error instanceof vscode.CancellationError ||
    (error instanceof Error && "code" in error && error.code === ErrorCode.RequestCancelled)
  );
}

/** Whether the server answered and refused; any other error is about the server itself. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && !isCancelled(error);
}

/** Shows an error with buttons, the log among them; resolves to the button pressed, where it is the caller's. */
export async function showFailure(
  context: Context,
  error: unknown,
  ...buttons: readonly string[]
): Promise<string | undefined> {
  const showLog = vscode.l10n.t("Show Log");
  const pressed = await vscode.window.showErrorMessage(failureOf(error).message, ...buttons, showLog);
  if (pressed === showLog) {
    context.log.show();
    return undefined;
  }
  return pressed;
}

function dataOf(error: unknown): ErrorData {
  const data: unknown = error instanceof Error && "data" in error ? error.data : undefined;
  return typeof data === "object" && data !== null ? data : {};
}
