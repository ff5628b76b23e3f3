import * as vscode from "vscode";

import type { Model, Price } from "../protocol";
import { money } from "../shared/amounts";
import { shownName, sourceOf } from "../shared/naming";

/** The vendor under which other extensions select these models; also in package.json. */
export const VENDOR = "modelport";

/** A model for the editor's picker, with two fields that are not in the editor's stable interface. */
export interface ModelInformation extends vscode.LanguageModelChatInformation {
  /** Whether the picker shows it without being switched on first. Editors without this field ignore it. */
  readonly isUserSelectable: boolean;
  /** Its heading in the picker; the lowest order comes first. Editors without this field ignore it. */
  readonly category: { readonly label: string; readonly order: number };
}

/** A provider's name, and whether it is a server of this machine. */
export interface ProviderName {
  readonly displayName: string;
  readonly local: boolean;
}

/**
 * Tokens of input and output together, for a model with an unknown limit. Most models in service have at least this. A
 * lower number would make the editor cut conversations that fit; beyond the real limit the provider reports an error.
 */
export const ASSUMED_CONTEXT = 128_000;
/** Tokens that are reserved for output where the model's output limit is unknown or as large as its context. */
export const ASSUMED_OUTPUT = 8_192;

/** Words in the names of models that do not chat, for models that are listed with nothing but a name. */
const OTHER_WORK = new Set(
  (
    "embed embedding embeddings rerank reranker moderation whisper transcribe transcription tts speech " +
    "dall imagen image sora veo video realtime audio ocr"
  ).split(" "),
);

/** The models to offer for chat, in the order of `models`; `providers` has the providers' names by id. */
export function informationOf(
  models: readonly Model[],
  providers: ReadonlyMap<string, ProviderName>,
): ModelInformation[] {
  const order = [...new Set(models.map(sourceOf))];
  const listed = new Set(models.filter((model) => model.source === "live").map(sourceOf));
  return models
    .filter((model) => isListed(model, listed, providers) && chats(model))
    .map((model) => information(model, providers.get(model.provider), order.indexOf(sourceOf(model))));
}

/** Where a connection has a live list, models from the catalog are not offered; a local server's are only in its list. */
function isListed(model: Model, listed: ReadonlySet<string>, providers: ReadonlyMap<string, ProviderName>): boolean {
  if (model.retired) {
    return false;
  }
  return model.source === "live" || !(listed.has(sourceOf(model)) || providers.get(model.provider)?.local);
}

function chats(model: Model): boolean {
  if (model.tools) {
    return true;
  }
  if (model.capabilities?.some((what) => what === "embeddings" || what === "images" || what === "moderation")) {
    return false;
  }
  return !model.id.toLowerCase().split(/[^a-z]+/).some((word) => OTHER_WORK.has(word));
}

/** The selector by which the editor finds a model. */
export function selectorOf(model: Model): { vendor: string; id: string; family: string } {
  return { vendor: VENDOR, id: `${sourceOf(model)}/${model.id}`, family: lineage(model.id).family };
}

function information(model: Model, provider: ProviderName | undefined, order: number): ModelInformation {
  const label = shownName(provider?.displayName ?? model.provider, model.connection);
  const price = priceText(model.price);
  const { id, family } = selectorOf(model);
  return {
    id,
    name: model.displayName ?? model.id,
    family,
    version: lineage(model.id).version,
    detail: price ? `${label} · ${price}` : label,
    tooltip: tooltip(model, label, price),
    ...limits(model),
    capabilities: {
      // An image makes a request fail if the model takes none, so unknown counts as no.
      imageInput: model.inputModalities?.includes("image") ?? false,
      // Unknown counts as yes: few lists have it, nearly every chat model calls tools, and the agent offers no model
      // without it. For one that cannot the provider reports an error.
      toolCalling: model.tools ?? true,
    },
    isUserSelectable: true,
    category: { label, order },
  };
}

/** The limits in tokens, cut so that a full input and a full output fit the context together. */
export function limits(model: Model): { maxInputTokens: number; maxOutputTokens: number } {
  const known = model.maxOutputTokens;
  const context = model.contextWindow ?? Math.max(ASSUMED_CONTEXT, 2 * (known ?? 0));
  const output =
    known !== undefined && known < context
      ? Math.min(known, Math.floor(context / 2))
      : Math.min(ASSUMED_OUTPUT, Math.floor(context / 4));
  return { maxInputTokens: context - output, maxOutputTokens: output };
}

/** The price, such as "$0.25 in, $2.00 out per M"; undefined where none is known. */
export function priceText(price: Price | undefined): string | undefined {
  const input = price?.inputUsdPerMtok;
  const output = price?.outputUsdPerMtok;
  if (input === undefined && output === undefined) {
    return undefined;
  }
  if (!input && !output) {
    return vscode.l10n.t("free");
  }
  if (output === undefined) {
    return vscode.l10n.t("{0} in per M", money(input ?? 0));
  }
  if (input === undefined) {
    return vscode.l10n.t("{0} out per M", money(output));
  }
  return vscode.l10n.t("{0} in, {1} out per M", money(input), money(output));
}

/** Family and version from a name: `openai/gpt-4o-2024-08-06` is `gpt-4o` and `2024-08-06`. */
export function lineage(id: string): { family: string; version: string } {
  // The maker comes first, with a slash, or with a dot as in "us.anthropic.claude-sonnet-4".
  const name = (id.split("/").at(-1) || id).toLowerCase().replace(/^(?:[a-z]+\.)+(?=[a-z])/, "");
  const [base = name, tag] = name.split(":", 2);
  const dated = /^(.+?)[-@](\d{4}-\d{2}-\d{2}|\d{8}|latest)(?:-v\d+)?$/.exec(base);
  return { family: dated?.[1] ?? base, version: dated?.[2] ?? tag ?? base };
}

function tooltip(model: Model, provider: string, price: string | undefined): string {
  const { maxInputTokens, maxOutputTokens } = limits(model);
  const lines = [
    vscode.l10n.t("{0} at {1}", model.id, provider),
    model.contextWindow === undefined
      ? vscode.l10n.t("Context: not known, {0} tokens assumed", count(maxInputTokens + maxOutputTokens))
      : vscode.l10n.t("Context: {0} tokens", count(model.contextWindow)),
    model.maxOutputTokens === undefined
      ? vscode.l10n.t("Output: not known, {0} tokens assumed", count(maxOutputTokens))
      : vscode.l10n.t("Output: up to {0} tokens", count(model.maxOutputTokens)),
    price ? vscode.l10n.t("Price: {0}", price) : vscode.l10n.t("Price: not known"),
    toolsText(model.tools),
    ...(model.reasoning ? [vscode.l10n.t("Thinks before it answers")] : []),
    ...(model.quantization ? [vscode.l10n.t("Quantization: {0}", model.quantization)] : []),
    ...(model.retiresOn ? [retirement(model.retiresOn, model.successor)] : []),
  ];
  // The editor reads it as Markdown, in which two blanks end a line.
  return lines.join("  \n");
}

function toolsText(tools: boolean | undefined): string {
  if (tools === undefined) {
    return vscode.l10n.t("Tools: not known, assumed");
  }
  return tools ? vscode.l10n.t("Tools: yes") : vscode.l10n.t("Tools: no");
}

function retirement(day: string, successor: string | undefined): string {
  return successor
    ? vscode.l10n.t("Retires on {0}; {1} replaces it", day, successor)
    : vscode.l10n.t("Retires on {0}", day);
}

function count(tokens: number): string {
  return tokens.toLocaleString(vscode.env.language);
}
