import * as vscode from "vscode";

import type { CredentialStatus, Provider } from "../protocol";

/** Where a provider's key comes from, in words; never the key. */
export function originOf(credential: CredentialStatus): string {
  const words = wordsFor(credential);
  return credential.last4 === undefined ? words : vscode.l10n.t("{0} (…{1})", words, credential.last4);
}

/** Whether the provider can be used: it is connected, has a key, or its program is on this machine. */
export function isReady(provider: Provider): boolean {
  return provider.connected || hasKey(provider.credential) || provider.installed === true;
}

/** Whether a key was found. */
export function hasKey(credential: CredentialStatus): boolean {
  return credential.source !== "none" && credential.source !== "notRequired";
}

function wordsFor({ source, location, loggedIn }: CredentialStatus): string {
  if (loggedIn === true) {
    return vscode.l10n.t("logged in");
  }
  switch (source) {
    case "keyring":
      return vscode.l10n.t("key in the keyring");
    case "environment":
      return location === undefined
        ? vscode.l10n.t("key from the environment")
        : vscode.l10n.t("key from the variable {0}", location);
    case "command":
      return vscode.l10n.t("key from a command");
    case "file":
      return location === undefined ? vscode.l10n.t("key from a file") : vscode.l10n.t("key from {0}", location);
    case "session":
      return vscode.l10n.t("key for this session only");
    case "client":
      return vscode.l10n.t("key in the editor's storage");
    case "none":
      return vscode.l10n.t("needs a key");
    case "notRequired":
      return vscode.l10n.t("needs no key");
  }
}
