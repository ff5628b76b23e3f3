import * as vscode from "vscode";

import type { CreateCompletionParams, Tool } from "../protocol";
import { dataOf } from "../shared/failure";

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
 * The parameters without the one that the error is about, for another try; undefined if it is about anything else.
 *
 * The editor's interface calls these options hints, and an extension cannot know which ones a model takes. The server
 * refuses a parameter before it sends the request to the provider, so another try costs nothing.
 */
export function withoutRefused(parameters: Parameters, error: unknown): Parameters | undefined {
  const field = dataOf(error).field;
  if (!field?.startsWith("parameters.") || Object.keys(parameters).length === 0) {
    return undefined;
  }
  const refused = field.slice("parameters.".length);
  if (!(refused in parameters)) {
    // The error has another name of the parameter than the request. Only the server knows its names: drop them all.
    return {};
  }
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== refused));
}

/** The options that can be parameters. Names that begin with an underscore are internal to the editor's agent. */
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
