import * as vscode from "vscode";

import { ErrorCode, type ErrorData, type ErrorKind } from "../protocol";
import type { Context } from "./context";

/** Why a request failed: the message to show, and the fields that code decides by. */
export interface Failure {
  readonly message: string;
  readonly kind?: ErrorKind;
  /** The parameter at fault. */
  readonly field?: string;
}

/** The `Failure` of any thrown value. */
export function failureOf(error: unknown): Failure {
  const data = dataOf(error);
  return {
    message: error instanceof Error ? error.message : String(error),
    ...(data.kind !== undefined && { kind: data.kind }),
    ...(data.field !== undefined && { field: data.field }),
  };
}

/** Whether the error is a cancellation, which is not shown. */
export function isCancelled(error: unknown): boolean {
  return (
    error instanceof vscode.CancellationError ||
    (error instanceof Error && "code" in error && error.code === ErrorCode.RequestCancelled)
  );
}

/** Whether the error is the server's reply; any other means that the server could not be reached. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && "code" in error && !isCancelled(error);
}

/** Shows an error with buttons, the log among them; resolves to the button pressed, if it is one of `buttons`. */
export function showFailure(context: Context, error: unknown, ...buttons: readonly string[]): Promise<string | undefined> {
  return withLog(context, (showLog) => vscode.window.showErrorMessage(failureOf(error).message, ...buttons, showLog));
}

/** Shows what failed beside something that worked, in the same way. */
export function showWarning(context: Context, message: string, ...buttons: readonly string[]): Promise<string | undefined> {
  return withLog(context, (showLog) => vscode.window.showWarningMessage(message, ...buttons, showLog));
}

/** Adds the button that shows the log to a message. */
async function withLog(
  { log }: Context,
  show: (showLog: string) => Thenable<string | undefined>,
): Promise<string | undefined> {
  const showLog = vscode.l10n.t("Show Log");
  const pressed = await show(showLog);
  if (pressed === showLog) {
    log.show();
    return undefined;
  }
  return pressed;
}

/** The data of an error of the server; empty for any other error. */
export function dataOf(error: unknown): ErrorData {
  const data: unknown = error instanceof Error && "data" in error ? error.data : undefined;
  return typeof data === "object" && data !== null ? data : {};
}
