import * as vscode from "vscode";

import type { Connection, Provider } from "../protocol";
import type { Context } from "../shared/context";
import { ownName, shownName } from "../shared/naming";
import { originOf } from "../shared/origin";
import { type Choice, pick } from "./pick";
import { nameOf, remembered } from "./remembered";

/** The connection to make: one that there is, by its name, or another one. The name is absent where it is the provider's. */
export interface Named {
  readonly name?: string;
  readonly another: boolean;
}

/** Lets the user choose between a provider's connections and another one, which gets a name; undefined if cancelled. */
export async function chooseConnection(context: Context, provider: Provider): Promise<Named | undefined> {
  const { connections } = await context.server.request("provider/status", {});
  const own = connections.filter((one) => one.provider === provider.id);
  if (own.length === 0) {
    return { another: false };
  }
  const picked = await pick<Connection | "another">({
    title: vscode.l10n.t("Connect {0}", provider.displayName),
    placeholder: vscode.l10n.t("Choose a connection to make again, or add one"),
    empty: "",
    load: async (show) => show(choicesOf(provider, own)),
  });
  if (picked === undefined) {
    return undefined;
  }
  return picked === "another" ? nameAnother(context, provider, own) : named(ownName(picked), false);
}

/**
 * The connection for a server at an address: the one that is there already, else one with a name that the user gives if
 * the provider has others; undefined if cancelled.
 */
export async function connectionAt(context: Context, provider: Provider, address: string): Promise<Named | undefined> {
  const { connections } = await context.server.request("provider/status", {});
  const own = [
    ...connections.filter((one) => one.provider === provider.id),
    ...remembered(context).filter((one) => one.provider === provider.id),
  ];
  const same = own.find((one) => one.baseUrl !== undefined && canonical(one.baseUrl) === canonical(address));
  if (same !== undefined) {
    return named(ownName(same), false);
  }
  return own.length === 0 ? { another: false } : nameAnother(context, provider, connections, address);
}

function choicesOf(provider: Provider, connections: readonly Connection[]): Choice<Connection | "another">[] {
  return [
    ...connections.map((connection) => ({
      label: `$(plug) ${shownName(provider.displayName, ownName(connection))}`,
      description: connection.baseUrl ?? "",
      detail: [connection.model, originOf(connection.credential)].filter(Boolean).join(" · "),
      key: connection.name,
      value: connection,
    })),
    {
      label: `$(add) ${vscode.l10n.t("Add Another Connection…")}`,
      detail: vscode.l10n.t("For another server of this kind, or another account."),
      key: "",
      value: "another",
    },
  ];
}

async function nameAnother(
  context: Context,
  provider: Provider,
  connections: readonly Connection[],
  address?: string,
): Promise<Named | undefined> {
  const { providers } = await context.server.request("provider/list", {});
  const names = [...connections, ...remembered(context)].map((one) => nameOf(one));
  const taken = new Set([...names, ...providers.flatMap(({ id, aliases }) => [id, ...aliases])].map(folded));
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t("Connect {0}", provider.displayName),
    prompt: vscode.l10n.t("A name for this connection. It stands in front of its models, as in {0}.", `${provider.id}-2/MODEL`),
    value: proposal(provider.id, taken, address),
    ignoreFocusOut: true,
    validateInput: (text) => problemOf(text.trim(), taken),
  });
  return name === undefined ? undefined : named(name.trim(), true);
}

function named(name: string | undefined, another: boolean): Named {
  return name === undefined ? { another } : { name, another };
}

/** A name that is free: with the port of the address, else with a number. */
function proposal(id: string, taken: ReadonlySet<string>, address: string | undefined): string {
  const port = /:(\d+)(?:\/|$)/.exec(address ?? "")?.[1];
  const names = port === undefined ? [] : [`${id}-${port}`];
  for (let number = 2; number <= taken.size + 2; number += 1) {
    names.push(`${id}-${number}`);
  }
  return names.find((name) => !taken.has(folded(name))) ?? "";
}

function problemOf(name: string, taken: ReadonlySet<string>): string {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) {
    return vscode.l10n.t("Use letters, digits, dots, hyphens and underscores.");
  }
  return taken.has(folded(name)) ? vscode.l10n.t("{0} is the name of another connection or provider.", name) : "";
}

function folded(name: string): string {
  return name.toLowerCase();
}

/** The address in one form: every name of this machine is one. */
function canonical(address: string): string {
  return address
    .trim()
    .toLowerCase()
    .replace(/^([a-z]+:\/\/)(?:127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?=[:/]|$)/, "$1localhost")
    .replace(/\/+$/, "");
}
