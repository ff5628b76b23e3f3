import * as vscode from "vscode";

import type { Connection, Health, Model, Provider } from "../protocol";
import { modelDetail } from "../shared/amounts";
import { originOf } from "../shared/origin";

/** A provider in use; with `active` where requests without a provider go to it. */
export interface ProviderNode {
  readonly kind: "provider";
  readonly provider: Provider;
  readonly active?: Connection;
  readonly health?: Health;
}

/** A provider's model; `active` where requests without a model use it. */
export interface ModelNode {
  readonly kind: "model";
  readonly model: Model;
  readonly active: boolean;
}

/** The server's message why there are no models. */
export interface ProblemNode {
  readonly kind: "problem";
  readonly message: string;
}

/** A provider's row: its health as the icon, its active model or the origin of its key as the description. */
export function providerItem({ provider, active, health }: ProviderNode): vscode.TreeItem {
  const item = new vscode.TreeItem(provider.displayName, vscode.TreeItemCollapsibleState.Collapsed);
  const origin = originOf(provider.credential);
  const state = healthOf(provider, health);
  item.id = provider.id;
  item.description = active?.model ?? origin;
  item.contextValue = provider.connected ? "provider.connected" : "provider.ready";
  item.iconPath = state.color === undefined ? new vscode.ThemeIcon(state.icon) : colored(state.icon, state.color);
  item.tooltip = providerTooltip(provider, origin, state.words, health);
  item.accessibilityInformation = {
    label: [provider.displayName, state.words, active?.model, origin].filter(Boolean).join(", "),
  };
  return item;
}

/** A model's row, with its limits and price. */
export function modelItem({ model, active }: ModelNode): vscode.TreeItem {
  const name = model.displayName ?? model.id;
  const detail = modelDetail(model);
  const item = new vscode.TreeItem(name, vscode.TreeItemCollapsibleState.None);
  item.id = `${model.provider}/${model.id}`;
  item.description = detail;
  item.contextValue = "model";
  item.iconPath = new vscode.ThemeIcon(active ? "check" : "symbol-misc");
  const tooltip = new vscode.MarkdownString();
  for (const line of [`${model.provider}/${model.id}`, detail, model.notice ?? ""].filter(Boolean)) {
    tooltip.appendText(line).appendMarkdown("\n\n");
  }
  item.tooltip = tooltip;
  item.accessibilityInformation = {
    label: [name, active ? vscode.l10n.t("in use") : "", detail].filter(Boolean).join(", "),
  };
  return item;
}

/** A row with an error message. */
export function problemItem({ message }: ProblemNode): vscode.TreeItem {
  const item = new vscode.TreeItem(message, vscode.TreeItemCollapsibleState.None);
  item.contextValue = "problem";
  item.iconPath = colored("warning", "list.warningForeground");
  item.tooltip = message;
  return item;
}

interface State {
  readonly icon: string;
  readonly color?: string;
  readonly words: string;
}

function healthOf(provider: Provider, health: Health | undefined): State {
  if (health !== undefined && !health.ok) {
    return { icon: "warning", color: "list.warningForeground", words: vscode.l10n.t("the last call failed") };
  }
  if (health !== undefined) {
    return { icon: "pass-filled", color: "testing.iconPassed", words: vscode.l10n.t("the last call succeeded") };
  }
  return provider.connected
    ? { icon: "plug", words: vscode.l10n.t("connected") }
    : { icon: "key", words: vscode.l10n.t("ready") };
}

function providerTooltip(
  provider: Provider,
  origin: string,
  state: string,
  health: Health | undefined,
): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const calls =
    health === undefined
      ? ""
      : vscode.l10n.t("calls in this session: {0}, failed: {1}", health.calls, health.failures);
  const error = health !== undefined && !health.ok ? (health.lastError?.message ?? "") : "";
  const lines = [provider.displayName, state, error, origin, provider.baseUrl ?? "", calls, provider.notice ?? ""];
  for (const line of lines.filter(Boolean)) {
    text.appendText(line).appendMarkdown("\n\n");
  }
  return text;
}

function colored(icon: string, color: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
}
