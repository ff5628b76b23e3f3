import * as vscode from "vscode";

/** Something that belongs to a provider, or to a connection of it with a name of its own. */
export interface Sourced {
  readonly provider: string;
  /** Absent where it is the provider's id. */
  readonly connection?: string;
}

/** The name in front of a model: the connection's, else the provider's id. */
export function sourceOf({ provider, connection }: Sourced): string {
  return connection ?? provider;
}

/** The name that is shown: the provider's, and the connection's where that has one of its own. */
export function shownName(displayName: string, connection: string | undefined): string {
  return connection === undefined ? displayName : vscode.l10n.t("{0} ({1})", displayName, connection);
}

/** The name of a connection where it is not the provider's id. */
export function ownName({ provider, name }: { readonly provider: string; readonly name?: string }): string | undefined {
  return name === provider ? undefined : name;
}
