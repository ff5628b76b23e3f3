import * as vscode from "vscode";

import type { ToolCall, Usage } from "../protocol";

/** The class for reasoning, which newer editors have and the stable interface has not. */
type ThinkingPart = new (text: string, id: string) => vscode.LanguageModelTextPart;

/** The media type of the part in which the editor's agent expects the request's usage. */
const USAGE = "usage";

/**
 * Passes the chunks of an answer to the editor. A chunk that the editor refuses is logged and left out, so that the rest
 * of the answer is still shown.
 */
export class Report {
  private readonly thinkingPart = thinkingPart();
  private thoughts = 0;
  private thinking = false;
  private refused = false;
  /** Whether anything was passed to the editor. */
  begun = false;

  constructor(
    private readonly progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** A chunk of the answer. */
  text(text: string): void {
    this.thinking = false;
    this.report(() => new vscode.LanguageModelTextPart(text));
  }

  /** A chunk of reasoning; ignored in editors that cannot show it. Reasoning after text is a new thought. */
  reasoning(text: string): void {
    const Thinking = this.thinkingPart;
    if (Thinking === undefined || this.refused) {
      return;
    }
    this.thoughts += this.thinking ? 0 : 1;
    this.thinking = true;
    this.refused = !this.report(() => new Thinking(text, `thought-${this.thoughts}`));
  }

  /** A whole call of a tool. */
  toolCall(call: ToolCall): void {
    this.report(() => new vscode.LanguageModelToolCallPart(call.id, call.name, call.arguments ?? {}));
  }

  /** What the request used, for the editor's display of how full the context is. */
  usage(usage: Usage): void {
    this.report(() =>
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

  private report(make: () => vscode.LanguageModelResponsePart): boolean {
    this.begun = true;
    try {
      this.progress.report(make());
      return true;
    } catch (error) {
      this.log.warn("The editor refuses a part of an answer.", error);
      return false;
    }
  }
}

function thinkingPart(): ThinkingPart | undefined {
  // Looked up by name, because the types of the stable interface do not have it.
  const found: unknown = Reflect.get(vscode, "LanguageModelThinkingPart");
  return typeof found === "function" ? (found as ThinkingPart) : undefined;
}
