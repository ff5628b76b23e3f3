import type * as vscode from "vscode";

import type { Server } from "../client";
import type { Message } from "../protocol";
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
  const asked = typeof input === "string" ? [] : toMessages([input]);
  const text = typeof input === "string" ? input : textOf(asked);
  const estimate = Math.ceil(text.length / CHARACTERS_PER_TOKEN);
  if (text.length < MIN_COUNTED_CHARACTERS || server.state.kind !== "running" || token.isCancellationRequested) {
    return estimate;
  }
  // Any other single message is no conversation, such as instructions, or a tool's result without its call: the server
  // refuses it.
  const alone = asked.length > 0 && asked.every(({ role }) => role === "user");
  try {
    return (await server.request("token/count", { model, ...(alone ? { messages: asked } : { text }) }, token)).inputTokens;
  } catch {
    return estimate;
  }
}

/** The texts and calls of messages. */
function textOf(messages: readonly Message[]): string {
  return messages
    .flatMap(({ content = "", toolCalls = [] }) => [
      ...(typeof content === "string" ? [content] : content.map((part) => (part.type === "text" ? part.text : ""))),
      ...toolCalls.map((call) => call.name + JSON.stringify(call.arguments)),
    ])
    .join("");
}
