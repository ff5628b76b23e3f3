import type * as vscode from "vscode";

import type { Server } from "../client";
import { toMessages } from "./messages";

/** What counting needs of the server. */
export type CountingServer = Pick<Server, "request" | "state">;

/** Characters per token, as the server itself estimates. */
const CHARACTERS_PER_TOKEN = 4;
/**
 * The shortest text the server is asked about, in characters. It may have to ask the provider, and for each prompt the
 * editor counts hundreds of short pieces, which together would reach the provider's limit of requests.
 */
const SHORTEST_COUNTED = 4_000;

/** The tokens of a text or a message; an estimate wherever the model's own count is not to be had. Never throws. */
export async function countTokens(
  server: CountingServer,
  model: string,
  input: string | vscode.LanguageModelChatRequestMessage,
  token: vscode.CancellationToken,
): Promise<number> {
  const characters = charactersOf(input);
  const estimate = Math.ceil(characters / CHARACTERS_PER_TOKEN);
  if (characters < SHORTEST_COUNTED || server.state.kind !== "running" || token.isCancellationRequested) {
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
