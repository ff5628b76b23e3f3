import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { Server } from "../client";
import type { Completion, CompletionUpdateKind, CreateCompletionParams } from "../protocol";
import type { Report } from "./report";

/** What answering needs of the server. */
export type CompletionServer = Pick<Server, "request" | "onNotification">;

/**
 * Makes a completion and tells its pieces while they come.
 *
 * @returns the whole of it, of which everything has been told.
 * @throws {vscode.CancellationError} the token was cancelled; the server has closed its connection to the provider.
 * @throws {ResponseError} the server's own error.
 * @throws {vscode.LanguageModelError} the answer cannot be used.
 */
export async function respond(
  server: CompletionServer,
  params: CreateCompletionParams,
  report: Report,
  log: vscode.LogOutputChannel,
  token: vscode.CancellationToken,
): Promise<Completion> {
  const streamId = randomUUID();
  const updates = server.onNotification("completion/update", (piece) => {
    // What was under way when it was cancelled is of no use to anybody.
    if (piece.streamId === streamId && !token.isCancellationRequested) {
      tell(piece.update, report, log);
    }
  });
  try {
    // The reply repeats the text of the updates that came before it. Tool calls are taken from it, and not from
    // their pieces: it has them whole, and with the arguments read.
    const completion = await server.request("completion/create", { ...params, streamId }, token);
    finish(completion, report);
    return completion;
  } finally {
    updates.dispose();
  }
}

function tell(update: CompletionUpdateKind, report: Report, log: vscode.LogOutputChannel): void {
  switch (update.kind) {
    case "text":
      report.text(update.text);
      break;
    case "reasoning":
      report.reasoning(update.text);
      break;
    case "attempt":
      log.info(`${update.provider}/${update.model} failed (${update.reason}); another model is asked.`);
      break;
    case "toolCall":
      break;
  }
}

function finish(completion: Completion, report: Report): void {
  const broken = completion.toolCalls.find((call) => call.arguments === undefined);
  if (broken) {
    throw new vscode.LanguageModelError(
      vscode.l10n.t(
        '{0} called the tool "{1}" with arguments that are not a JSON object: try again, or choose another model.',
        completion.model,
        broken.name,
      ),
    );
  }
  report.usage(completion.usage);
  for (const call of completion.toolCalls) {
    report.toolCall(call);
  }
  if (!completion.text && completion.toolCalls.length === 0) {
    throw nothingSaid(completion);
  }
}

/** An answer without a word is shown by the editor as a failure of its own, which says nothing of the reason. */
function nothingSaid({ finishReason, model }: Completion): vscode.LanguageModelError {
  switch (finishReason) {
    case "contentFilter":
      return vscode.LanguageModelError.Blocked(
        vscode.l10n.t("The provider of {0} held the answer back: ask in other words, or choose another model.", model),
      );
    case "length":
      return new vscode.LanguageModelError(
        vscode.l10n.t(
          "{0} used up its output limit before it said anything: ask for less at once, or choose another model.",
          model,
        ),
      );
    default:
      return new vscode.LanguageModelError(
        vscode.l10n.t("{0} answered with nothing: try again, or choose another model.", model),
      );
  }
}
