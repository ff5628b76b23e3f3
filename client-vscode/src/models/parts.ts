import * as vscode from "vscode";

import type { Part } from "../protocol";

/**
 * The texts and images in the content of a message or of a tool's result; adjacent texts are joined. Anything else is
 * internal to the editor, such as cache marks and reasoning, and is left out.
 */
export function partsOf(content: readonly unknown[]): Part[] {
  const parts: Part[] = [];
  let text = "";
  const endText = (): void => {
    if (text) {
      parts.push({ type: "text", text });
      text = "";
    }
  };
  for (const part of content) {
    if (part instanceof vscode.LanguageModelDataPart && part.mimeType.startsWith("image/")) {
      endText();
      parts.push({ type: "image", data: Buffer.from(part.data).toString("base64"), mimeType: part.mimeType });
    } else {
      text += textIn(part);
    }
  }
  endText();
  return parts;
}

/** The text of a message's content. */
export function textOf(content: readonly unknown[]): string {
  return content.map(textIn).join("");
}

function textIn(part: unknown): string {
  if (typeof part === "string") {
    return part;
  }
  if (part instanceof vscode.LanguageModelTextPart) {
    return part.value;
  }
  if (part instanceof vscode.LanguageModelPromptTsxPart) {
    return elementText(part.value);
  }
  if (part instanceof vscode.LanguageModelDataPart && isReadable(part.mimeType)) {
    return new TextDecoder().decode(part.data);
  }
  return "";
}

/** Whether it is a textual media type. The editor's own marks, such as `cache_control` and `usage`, are none. */
function isReadable(mimeType: string): boolean {
  return /^text\/|^application\/(?:json|xml)$|\+(?:json|xml)$/.test(mimeType);
}

/** The texts in a rendered prompt element: a tree of `children`, whose leaves have a `text`. */
function elementText(element: unknown): string {
  if (!isRecord(element)) {
    return typeof element === "string" ? element : "";
  }
  const own = typeof element["text"] === "string" ? `${element["lineBreakBefore"] ? "\n" : ""}${element["text"]}` : "";
  const children = Array.isArray(element["children"]) ? element["children"].map(elementText).join("") : "";
  return own + elementText(element["node"]) + children;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
