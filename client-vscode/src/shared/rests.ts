import * as vscode from "vscode";

import type { Circuit, Health } from "../protocol";

/** The circuit that keeps calls of a person from a provider for longest; undefined where none does. */
export function restOf(health: Health | undefined): Circuit | undefined {
  const open = (health?.circuits ?? []).filter((one) => one.state === "open" && !one.background);
  return open.sort((one, other) => other.retryAfterMs - one.retryAfterMs)[0];
}

/** What rests and until when: "rests until 16:45:07", with the model where the others do not. */
export function restWords(circuit: Circuit): string {
  const until = timeOf(circuit.until);
  return circuit.model === undefined
    ? vscode.l10n.t("rests until {0}", until)
    : vscode.l10n.t("{0} rests until {1}", circuit.model, until);
}

/** The whole of it for a tooltip: what rests, until when, why, and whose call failed. */
export function restDetail(circuit: Circuit): string {
  const who = circuit.client === undefined ? "" : vscode.l10n.t("called by {0}", circuit.client);
  const key = circuit.oneKey ? vscode.l10n.t("one of the keys") : "";
  return [restWords(circuit), circuit.error.message, [key, who].filter(Boolean).join(", ")].filter(Boolean).join(" – ");
}

/** A time in RFC 3339 as a clock shows it, with the day where that is not today. */
export function timeOf(time: string): string {
  const end = new Date(time);
  const today = end.toDateString() === new Date().toDateString();
  const format = today ? ({ timeStyle: "medium" } as const) : ({ dateStyle: "short", timeStyle: "short" } as const);
  return new Intl.DateTimeFormat(vscode.env.language, format).format(end);
}
