/** The editor's language model classes, behaving as its documentation and its extension host say. */

export enum LanguageModelChatMessageRole {
  User = 1,
  Assistant = 2,
}

export enum LanguageModelChatToolMode {
  Auto = 1,
  Required = 2,
}

export class LanguageModelTextPart {
  constructor(readonly value: string) {}
}

/** In newer editors only, and in no stable types. */
export class LanguageModelThinkingPart {
  constructor(
    readonly value: string,
    readonly id?: string,
  ) {}
}

export class LanguageModelPromptTsxPart {
  constructor(readonly value: unknown) {}
}

export class LanguageModelToolCallPart {
  constructor(
    readonly callId: string,
    readonly name: string,
    readonly input: object,
  ) {}
}

export class LanguageModelToolResultPart {
  constructor(
    readonly callId: string,
    readonly content: unknown[],
  ) {}
}

export class LanguageModelDataPart {
  static image(data: Uint8Array, mime: string): LanguageModelDataPart {
    return new LanguageModelDataPart(data, mime);
  }

  static json(value: unknown, mime = "application/json"): LanguageModelDataPart {
    return LanguageModelDataPart.text(JSON.stringify(value), mime);
  }

  static text(value: string, mime = "text/plain"): LanguageModelDataPart {
    return new LanguageModelDataPart(new TextEncoder().encode(value), mime);
  }

  constructor(
    readonly data: Uint8Array,
    readonly mimeType: string,
  ) {}
}

export class LanguageModelError extends Error {
  static NoPermissions(message?: string): LanguageModelError {
    return new LanguageModelError(message, "NoPermissions");
  }

  static Blocked(message?: string): LanguageModelError {
    return new LanguageModelError(message, "Blocked");
  }

  static NotFound(message?: string): LanguageModelError {
    return new LanguageModelError(message, "NotFound");
  }

  override readonly name = "LanguageModelError";

  constructor(
    message?: string,
    readonly code = "",
  ) {
    super(message);
  }
}
