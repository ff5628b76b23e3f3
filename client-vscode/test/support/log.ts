import type * as vscode from "vscode";

import { Disposable, LogLevel } from "./vscode";

/** A log that keeps its lines. */
export function newLog(logLevel = LogLevel.Info): { log: vscode.LogOutputChannel; lines: string[] } {
  const lines: string[] = [];
  const write = (message: unknown): void => void lines.push(String(message));
  const log = {
    name: "Modelport",
    logLevel,
    onDidChangeLogLevel: () => new Disposable(() => undefined),
    trace: write,
    debug: write,
    info: write,
    warn: write,
    error: write,
    append: write,
    appendLine: write,
    show: () => undefined,
    dispose: () => undefined,
  };
  return { log: log as unknown as vscode.LogOutputChannel, lines };
}
