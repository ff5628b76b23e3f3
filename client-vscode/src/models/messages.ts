import * as vscode from "vscode";

import type { Message, Part, ToolCall } from "../protocol";
import { partsOf, textOf } from "./parts";

/** Looks up the state that a provider needs back with an earlier turn of its own. */
export type RecallState = (turn: Turn) => Record<string, unknown> | undefined;

/** The parts of an answer by which it is recognised when the editor sends it back. */
export interface Turn {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

/** The stable interface has no system role; the editor's own agent uses the number from the proposed one. */
const SYSTEM_ROLE = 3;

/** The editor's messages as the server takes them. Messages without anything that a model could read are left out. */
export function toMessages(
  messages: readonly vscode.LanguageModelChatRequestMessage[],
  recall: RecallState = () => undefined,
): Message[] {
  return messages.flatMap((message) => {
    if (isSystem(message.role)) {
      return systemMessage(message.content);
    }
    return message.role === vscode.LanguageModelChatMessageRole.Assistant
      ? assistantMessage(message.content, recall)
      : userMessages(message.content);
  });
}

/** Takes a number, because the editor's enumeration has no third role. */
function isSystem(role: number): boolean {
  return role === SYSTEM_ROLE;
}

function systemMessage(content: readonly unknown[]): Message[] {
  const text = textOf(content);
  return text ? [{ role: "system", content: text }] : [];
}

function assistantMessage(content: readonly unknown[], recall: RecallState): Message[] {
  const text = textOf(content);
  const toolCalls = content
    .filter((part) => part instanceof vscode.LanguageModelToolCallPart)
    .map((part) => ({ id: part.callId, name: part.name, arguments: { ...part.input } }));
  if (!text && toolCalls.length === 0) {
    return [];
  }
  const state = recall({ text, toolCalls });
  return [
    {
      role: "assistant",
      ...(text ? { content: text } : {}),
      ...(toolCalls.length > 0 ? { toolCalls } : {}),
      ...(state ? { providerState: state } : {}),
    },
  ];
}

/** Tool results first, since no message may come between a call and its result, then the rest as one message. */
function userMessages(content: readonly unknown[]): Message[] {
  const results: Message[] = content
    .filter((part) => part instanceof vscode.LanguageModelToolResultPart)
    .map((part) => ({ role: "tool", toolCallId: part.callId, content: contentOf(partsOf(part.content)) }));
  const said = partsOf(content);
  return said.length > 0 ? [...results, { role: "user", content: contentOf(said) }] : results;
}

/** A single text is sent as a plain string, which every provider takes. */
function contentOf(parts: readonly Part[]): string | Part[] {
  const [first, second] = parts;
  if (first === undefined) {
    return "";
  }
  return second === undefined && first.type === "text" ? first.text : [...parts];
}
