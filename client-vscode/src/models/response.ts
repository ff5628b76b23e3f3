import { randomUUID } from "node:crypto";
import * as vscode from "vscode";

import type { Server } from "../client";
import type { Completion, CompletionUpdateKind, CreateCompletionParams } from "../protocol";
import type { Report } from "./report";

/** The part of the server that a completion uses. */
export type CompletionServer = Pick<Server, "request" | "onNotification">;

/**
 * Makes a completion and reports its chunks as they arrive.
 *
 * @returns the whole completion, all of which has been reported.
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
  const updates = server.onNotification("completion/update", (notified) => {
    // Chunks that were sent before the server has seen the cancellation are dropped.
    if (notified.streamId === streamId && !token.isCancellationRequested) {
      reportChunk(notified.update, report, log);
    }
  });
  try {
    // The editor takes no chunk back, so that an answer which breaks off must not begin again.
    // The reply repeats the text of the updates before it. Tool calls are taken from the reply and not from their
    // chunks, because it has them complete and with parsed arguments.
    const completion = await server.request("completion/create", { ...params, streamId, resets: false }, token);
    finish(completion, report);
    return completion;
  } finally {
    updates.dispose();
  }
}

function reportChunk(update: CompletionUpdateKind, report: Report, log: vscode.LogOutputChannel): void {
  switch (update.kind) {
    case "text":
      report.text(update.text);
      break;
    case "reasoning":
      report.reasoning(update.text);
      break;
    case "attempt":
      log.info(`${update.provider}/${update.model} failed (${update.reason}); another attempt is made.`);
      break;
    case "toolCall":
    case "reset":
      break;
  }
}

function finish(completion: Completion, report: Report): void {
  const broken = completion.toolCalls.find((call) => call.arguments === undefined);
  if (broken && completion.finishReason === "length") {
    throw atLimit(completion);
  }
  if (broken && completion.finishReason === "budget") {
    throw overBudget(completion);
  }
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
    throw emptyAnswer(completion);
  }
}

/**
 * The error for an answer that was cut, undefined for one that was not. What came of it has been reported, and the editor
 * shows the error below it; a program that asked for it learns that it must not use it as if it were whole.
 */
export function cutAnswer(completion: Completion): vscode.LanguageModelError | undefined {
  if (completion.toolCalls.length > 0) {
    return undefined;
  }
  switch (completion.finishReason) {
    case "contentFilter":
      return vscode.LanguageModelError.Blocked(
        vscode.l10n.t("The provider of {0} blocked the rest of the answer: change the request.", completion.model),
      );
    case "length":
      return atLimit(completion);
    case "budget":
      return overBudget(completion);
    default:
      return undefined;
  }
}

function overBudget({ model }: Pick<Completion, "model">): vscode.LanguageModelError {
  return new vscode.LanguageModelError(
    vscode.l10n.t(
      "The answer of {0} is cut: it cost more than a budget has left. Raise the budget, or ask for less at once.",
      model,
    ),
  );
}

function atLimit({ model }: Completion): vscode.LanguageModelError {
  return new vscode.LanguageModelError(
    vscode.l10n.t("{0} reached its output limit, so the answer is cut: ask it to go on, or for less at once.", model),
  );
}

/** The error for an empty answer, with the reason. The editor would show an error of its own, without one. */
function emptyAnswer({ finishReason, model }: Completion): vscode.LanguageModelError {
  switch (finishReason) {
    case "contentFilter":
      return vscode.LanguageModelError.Blocked(
        vscode.l10n.t("The provider of {0} blocked the answer: change the request, or choose another model.", model),
      );
    case "length":
      return new vscode.LanguageModelError(
        vscode.l10n.t(
          "{0} reached its output limit before it answered: ask for less at once, or choose another model.",
          model,
        ),
      );
    case "budget":
      return overBudget({ model });
    default:
      return new vscode.LanguageModelError(
        vscode.l10n.t("{0} gave an empty answer: try again, or choose another model.", model),
      );
  }
}
