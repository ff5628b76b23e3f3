import {
  LanguageModelDataPart,
  LanguageModelTextPart,
  LanguageModelThinkingPart,
  LanguageModelToolCallPart,
} from "./languageModels";

/** The parts of an answer that an editor has received, in short form for comparisons; without those that it refused. */
export class Told {
  readonly parts: unknown[] = [];

  constructor(private readonly refuses: (part: unknown) => boolean = () => false) {}

  report(part: unknown): void {
    if (this.refuses(part)) {
      throw new Error("This extension may not say that.");
    }
    this.parts.push(short(part));
  }

  /** The texts, joined. */
  get text(): string {
    return this.parts.filter((part) => typeof part === "string").join("");
  }
}

function short(part: unknown): unknown {
  if (part instanceof LanguageModelTextPart) {
    return part.value;
  }
  if (part instanceof LanguageModelThinkingPart) {
    return { thought: part.value, id: part.id };
  }
  if (part instanceof LanguageModelToolCallPart) {
    return { call: part.callId, name: part.name, input: part.input };
  }
  if (part instanceof LanguageModelDataPart) {
    return { [part.mimeType]: JSON.parse(new TextDecoder().decode(part.data)) as unknown };
  }
  return part;
}
