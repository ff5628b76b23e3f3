import * as vscode from "vscode";

import type { Context } from "../shared/context";

const SETTING = "allowAnonymousAccess";
/** The command of an editor whose chat is set up with an account of GitHub. */
const SIGN_IN_BOX = "workbench.action.chat.triggerSetup";

/**
 * Says what keeps the editor's chat from using the models that have just been connected, with the way out: both would
 * else end at a box of the editor that names neither. Does nothing where chat can be used, or that is not known.
 */
export async function offerChatAccess({ log }: Pick<Context, "log">): Promise<void> {
  try {
    if (!vscode.workspace.isTrusted) {
      await offerTrust();
    } else if (await wantsSignIn()) {
      await offerAnonymousAccess(log);
    }
  } catch (error) {
    log.warn(`Whether Chat can be used is not known: ${String(error)}`);
  }
}

/** Whether the editor asks for an account of GitHub before its chat answers. */
async function wantsSignIn(): Promise<boolean> {
  const allowed = vscode.workspace.getConfiguration("chat").get(SETTING) === true;
  if (allowed || !(await vscode.commands.getCommands()).includes(SIGN_IN_BOX)) {
    return false;
  }
  // Asks for no log-in.
  return (await vscode.authentication.getAccounts("github")).length === 0;
}

async function offerAnonymousAccess(log: vscode.LogOutputChannel): Promise<void> {
  const allow = vscode.l10n.t("Use Chat Without Signing In");
  const pressed = await vscode.window.showInformationMessage(
    vscode.l10n.t(
      "Chat asks you to sign in to GitHub before it answers, also with your own models. The setting chat.allowAnonymousAccess does without.",
    ),
    allow,
  );
  if (pressed !== allow) {
    return;
  }
  try {
    await vscode.workspace.getConfiguration("chat").update(SETTING, true, vscode.ConfigurationTarget.Global);
  } catch (error) {
    // Editors read the setting and do not register it, so that only its owner can write it.
    log.info(`chat.${SETTING} is for the user to set: ${String(error)}`);
    await vscode.env.clipboard.writeText(`"chat.${SETTING}": true,`);
    await vscode.commands.executeCommand("workbench.action.openSettingsJson");
    void vscode.window.showInformationMessage(
      vscode.l10n.t("The line for the setting is copied: paste it below the first brace of these settings, and save."),
    );
  }
}

async function offerTrust(): Promise<void> {
  const manage = vscode.l10n.t("Manage Workspace Trust");
  const pressed = await vscode.window.showInformationMessage(
    vscode.l10n.t("Chat does not answer in Restricted Mode. Trust this workspace to use your models in it."),
    manage,
  );
  if (pressed === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}
