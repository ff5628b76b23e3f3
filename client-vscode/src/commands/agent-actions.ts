import * as vscode from "vscode";

import type { Agent } from "../protocol";
import { type Action, type Choice, pick } from "./pick";

/** Buttons that copy an agent's command line, address and hints. */
export function agentActions(agent: Agent): Action[] {
  return copiesOf(agent).map(({ icon, words, text }) => ({
    iconPath: new vscode.ThemeIcon(icon),
    tooltip: words,
    run: () => copy(text),
  }));
}

/** Offers the actions for an agent and runs the chosen one; "verify" if the agent is to be started and identified. */
export async function actOnAgent(agent: Agent): Promise<"verify" | undefined> {
  const choices: Choice<string | true>[] = copiesOf(agent).map(({ icon, words, text }) => ({
    label: `$(${icon}) ${words}`,
    detail: text,
    value: text,
  }));
  if (agent.argv !== undefined) {
    choices.push({
      label: `$(play) ${vscode.l10n.t("Start and Identify It")}`,
      detail: vscode.l10n.t("For a moment, without keys and in an empty folder."),
      value: true,
    });
  }
  const picked = await pick<string | true>({
    title: agent.displayName,
    placeholder: agent.detail || vscode.l10n.t("Choose what to do"),
    empty: vscode.l10n.t("There is nothing to do with this agent"),
    load: async (show) => show(choices),
  });
  if (typeof picked === "string") {
    await copy(picked);
  }
  return picked === true && (await mayStart(agent)) ? "verify" : undefined;
}

interface Copy {
  readonly icon: string;
  readonly words: string;
  readonly text: string;
}

function copiesOf(agent: Agent): Copy[] {
  const copies: Copy[] = [];
  if (agent.argv !== undefined) {
    copies.push({ icon: "terminal", words: vscode.l10n.t("Copy Command Line"), text: commandLine(agent.argv) });
  }
  if (agent.url !== undefined) {
    copies.push({ icon: "link", words: vscode.l10n.t("Copy Address"), text: agent.url });
  }
  if (agent.installHint !== undefined) {
    copies.push({ icon: "cloud-download", words: vscode.l10n.t("Copy Install Hint"), text: agent.installHint });
  }
  if (agent.loginHint !== undefined) {
    copies.push({ icon: "account", words: vscode.l10n.t("Copy Log-In Hint"), text: agent.loginHint });
  }
  return copies;
}

/** Whether to start it; asks the user if only a generic name is known, which any program may have. */
async function mayStart(agent: Agent): Promise<boolean> {
  if (agent.identity !== "name-only") {
    return true;
  }
  const start = vscode.l10n.t("Start It");
  const message = vscode.l10n.t("Start {0}?", agent.argv?.[0] ?? agent.command);
  const detail = vscode.l10n.t(
    "Only its name says that it is {0}: another program may have the same name. It is started as you, without keys and in an empty folder.",
    agent.displayName,
  );
  return (await vscode.window.showWarningMessage(message, { modal: true, detail }, start)) === start;
}

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t("Copied."), 3_000);
}

/** The arguments, quoted for a shell. */
function commandLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
