import type * as vscode from "vscode";

import type { Server } from "../client";
import { toMessages } from "./messages";

/** The part of the server that counting uses. */
export type CountingServer = Pick<Server, "request" | "state">;

/** Characters per token, as the server itself estimates. */
const CHARACTERS_PER_TOKEN = 4;
/**
 * A shorter text is estimated. The server may have to ask the provider, and for each prompt the editor counts hundreds
 * of short texts, which together would reach the provider's rate limit.
 */
const MIN_COUNTED_CHARACTERS = 4_000;

/** The tokens of a text or a message; an estimate if it is short or cannot be counted. Never throws. */
export async function countTokens(
  server: CountingServer,
  model: string,
  input: string | vscode.LanguageModelChatRequestMessage,
  token: vscode.CancellationToken,
): Promise<number> {
  const characters = charactersOf(input);
  const estimate = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  if (characters < MIN_COUNTED_CHARACTERS || server.state.kind !== "running" || token.isCancellationRequested) {
    return estimate;
  }
  const asked = typeof input === "string" ? { text: input } : { messages: toMessages([input]) };
  try {
    return (await server.request("token/count", { model, ...asked }, token)).inputTokens;
  } catch {
    return estimate;
  }
}

function charactersOf(input: string | vscode.LanguageModelChatRequestMessage): number {
  if (typeof input === "string") {
    return input.length;
  }
  return toMessages([input])
    .flatMap(({ content = "", toolCalls = [] }) => [
      ...(typeof content === "string" ? [content] : content.map((part) => (part.type === "text" ? part.text : ""))),
      ...toolCalls.map((call) => call.name + JSON.stringify(call.arguments)),
    ])
    .reduce((sum, text) => sum + text.length, 0);
}
