import * as vscode from "vscode";

import { type Choice, pick } from "./pick";

/** The commands in the menu of the status bar item, which are also those that its tooltip may run. */
export const MENU: readonly string[] = [
  "modelport.switchModel",
  "modelport.connect",
  "modelport.disconnect",
  "modelport.discoverServers",
  "modelport.discoverAgents",
  "modelport.manageKeys",
  "modelport.showUsage",
  "modelport.runDiagnostics",
  "modelport.showLog",
  "modelport.restart",
];

/** Shows the commands and runs the one that is picked. */
export async function showMenu(): Promise<void> {
  const command = await pick<string>({
    title: "Modelport",
    placeholder: vscode.l10n.t("Choose what to do"),
    empty: "",
    load: async (show) => show(choices()),
  });
  if (command !== undefined) {
    await vscode.commands.executeCommand(command);
  }
}

function choices(): Choice<string>[] {
  const words: Readonly<Record<string, string>> = {
    "modelport.switchModel": `$(sparkle) ${vscode.l10n.t("Switch Model")}`,
    "modelport.connect": `$(plug) ${vscode.l10n.t("Connect Provider")}`,
    "modelport.disconnect": `$(debug-disconnect) ${vscode.l10n.t("Disconnect Provider")}`,
    "modelport.discoverServers": `$(server-process) ${vscode.l10n.t("Discover Local Servers")}`,
    "modelport.discoverAgents": `$(hubot) ${vscode.l10n.t("Discover Agents")}`,
    "modelport.manageKeys": `$(key) ${vscode.l10n.t("Manage Keys")}`,
    "modelport.showUsage": `$(graph) ${vscode.l10n.t("Show Usage")}`,
    "modelport.runDiagnostics": `$(pulse) ${vscode.l10n.t("Run Diagnostics")}`,
    "modelport.showLog": `$(output) ${vscode.l10n.t("Show Log")}`,
    "modelport.restart": `$(debug-restart) ${vscode.l10n.t("Restart Server")}`,
  };
  return MENU.map((command) => ({ label: words[command] ?? command, value: command }));
}
