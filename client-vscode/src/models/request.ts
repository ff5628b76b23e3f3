import * as vscode from "vscode";

import type { CreateCompletionParams, Tool } from "../protocol";
import { dataOf } from "./errors";

type Options = Pick<vscode.ProvideLanguageModelChatResponseOptions, "modelOptions" | "tools" | "toolMode">;
type Parameters = Readonly<Record<string, unknown>>;

/** The tools and parameters of a request. */
export function requestOptions(
  options: Options,
): Pick<CreateCompletionParams, "tools" | "toolChoice"> & { readonly parameters: Parameters } {
  const tools = (options.tools ?? []).map(toTool);
  const required = options.toolMode === vscode.LanguageModelChatToolMode.Required;
  return {
    parameters: parametersOf(options.modelOptions ?? {}),
    ...(tools.length > 0 ? { tools, toolChoice: required ? "required" : "auto" } : {}),
  };
}

/**
 * The parameters without the one that an error refuses, so that the request can be made once more; nothing where the
 * error is about something else.
 *
 * An extension cannot know what each model takes, and the interface calls these options hints. The server names what
 * it refuses before it has asked anybody.
 */
export function withoutRefused(parameters: Parameters, error: unknown): Parameters | undefined {
  const field = dataOf(error).field;
  if (!field?.startsWith("parameters.") || Object.keys(parameters).length === 0) {
    return undefined;
  }
  const refused = field.slice("parameters.".length);
  if (!(refused in parameters)) {
    // It was given under another of its names, and which one that is only the server knows.
    return {};
  }
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== refused));
}

/** The options that can be parameters. Names with an underscore in front are what the editor's agent tells itself. */
function parametersOf(options: Readonly<Record<string, unknown>>): Parameters {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => !name.startsWith("_") && isParameter(value)),
  );
}

function isParameter(value: unknown): boolean {
  const isText = (one: unknown): boolean => typeof one === "string";
  return ["string", "number", "boolean"].includes(typeof value) || (Array.isArray(value) && value.every(isText));
}

function toTool(tool: vscode.LanguageModelChatTool): Tool {
  return {
    name: tool.name,
    description: tool.description,
    ...(tool.inputSchema ? { parameters: { ...tool.inputSchema } } : {}),
  };
}
