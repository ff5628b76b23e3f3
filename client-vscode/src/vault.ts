import type * as vscode from "vscode";

import type { ClientRequests } from "./protocol";

/** The requests of the server that the vault answers. */
type VaultRequests = Pick<ClientRequests, "credential/store" | "credential/load" | "credential/remove">;

/** What answers each request. */
export type VaultAnswers = {
  readonly [M in keyof VaultRequests]: (params: VaultRequests[M][0]) => Promise<VaultRequests[M][1]>;
};

type Secrets = Pick<vscode.SecretStorage, "get" | "store" | "delete">;

/**
 * The editor's storage for secrets as the server's vault, for machines without a keyring. In a remote window the storage
 * is on the machine of the editor. It is always offered: the server uses it only where it finds no keyring.
 */
export function vaultOver(secrets: Secrets): VaultAnswers {
  return {
    "credential/store": async ({ secret, ...entry }) => {
      await secrets.store(keyOf(entry), secret);
      return {};
    },
    "credential/load": async (entry) => ({ secret: (await secrets.get(keyOf(entry))) ?? null }),
    "credential/remove": async (entry) => {
      await secrets.delete(keyOf(entry));
      return {};
    },
  };
}

/** The key of an entry; no id of a provider has a slash. */
function keyOf({ provider, name }: { readonly provider: string; readonly name?: string }): string {
  return name === undefined ? `credential/${provider}` : `credential/${provider}/${name}`;
}
