import * as vscode from "vscode";

import type { ToolCall, Usage } from "../protocol";

/** The class of what a model thought, which the stable interface does not name and newer editors have. */
type ThinkingPart = new (text: string, id: string) => vscode.LanguageModelTextPart;

/** The media type under which the editor's agent reads what a request used. */
const USAGE = "usage";

/**
 * Tells the editor the pieces of an answer. A piece that the editor refuses is left out: it has its own opinion of
 * what an extension may say, and the rest of the answer is worth more than the piece.
 */
export class Report {
  private readonly thinkingPart = thinkingPart();
  private thoughts = 0;
  private thinking = false;
  private refused = false;
  /** Whether the editor was told anything. */
  begun = false;

  constructor(
    private readonly progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** More of the answer. */
  text(text: string): void {
    this.thinking = false;
    this.tell(() => new vscode.LanguageModelTextPart(text));
  }

  /** More of what the model thinks; nothing in editors that cannot show it. Thoughts with an answer between are two. */
  reasoning(text: string): void {
    const Thinking = this.thinkingPart;
    if (Thinking === undefined || this.refused) {
      return;
    }
    this.thoughts += this.thinking ? 0 : 1;
    this.thinking = true;
    this.refused = !this.tell(() => new Thinking(text, `thought-${this.thoughts}`));
  }

  /** A whole call of a tool. */
  toolCall(call: ToolCall): void {
    this.tell(() => new vscode.LanguageModelToolCallPart(call.id, call.name, call.arguments ?? {}));
  }

  /** What the request used, for the editor's display of how full the context is. */
  usage(usage: Usage): void {
    this.tell(() =>
      vscode.LanguageModelDataPart.json(
        {
          prompt_tokens: usage.inputTokens,
          completion_tokens: usage.outputTokens,
          total_tokens: usage.inputTokens + usage.outputTokens,
          prompt_tokens_details: { cached_tokens: usage.cacheReadTokens ?? 0 },
        },
        USAGE,
      ),
    );
  }

  private tell(make: () => vscode.LanguageModelResponsePart): boolean {
    this.begun = true;
    try {
      this.progress.report(make());
      return true;
    } catch (error) {
      this.log.warn("The editor refuses a piece of an answer.", error);
      return false;
    }
  }
}

function thinkingPart(): ThinkingPart | undefined {
  // Looked up by name, because the types of the stable interface do not have it.
  const found: unknown = Reflect.get(vscode, "LanguageModelThinkingPart");
  return typeof found === "function" ? (found as ThinkingPart) : undefined;
}
