import * as vscode from "vscode";

import type { Model } from "../protocol";
import { LaunchError } from "../server/launch";
import type { Context } from "../shared/context";
import { isCancelled, showFailure } from "../shared/failure";
import { connect, logIn } from "./connect";
import { Diagnostics } from "./diagnostics";
import { disconnect } from "./disconnect";
import { discoverAgents } from "./discover-agents";
import { discoverServers } from "./discover-servers";
import { manageKeys } from "./manage-keys";
import { showMenu } from "./menu";
import { restoreConnections } from "./remembered";
import { logOut } from "./remove-key";
import { StartFailure } from "./start-failure";
import { chooseModel, copyModelId, switchModel } from "./switch-model";

/** Registers the commands, and the messages about a server that cannot be started. */
export function registerCommands(context: Context): void {
  const { subscriptions } = context.extension;
  const startFailure = new StartFailure(context);
  const diagnostics = new Diagnostics(context);
  const register = (name: string, run: (argument: unknown) => unknown) => {
    const command = async (argument: unknown) => {
      try {
        await run(argument);
      } catch (error) {
        await report(context, startFailure, error);
      }
    };
    subscriptions.push(vscode.commands.registerCommand(`modelport.${name}`, command));
  };

  register("menu", showMenu);
  register("connect", (argument) => connect(context, providerIn(argument), connectionIn(argument)));
  register("logIn", (argument) => logIn(context, providerIn(argument), connectionIn(argument)));
  register("logOut", () => logOut(context));
  register("disconnect", (argument) => disconnect(context, connectionIn(argument) ?? providerIn(argument)));
  register("switchModel", () => switchModel(context));
  register("useModel", (argument) => withModel(argument, (model) => chooseModel(context, model)));
  register("copyModelId", (argument) => withModel(argument, copyModelId));
  register("discoverServers", () => discoverServers(context));
  register("discoverAgents", () => discoverAgents(context));
  register("manageKeys", () => manageKeys(context));
  register("runDiagnostics", () => diagnostics.run());
  register("restart", () => restart(context));
  register("showLog", () => context.log.show());
  subscriptions.push(startFailure.watch(), restoreConnections(context));
}

/** Shows the error of a command, once; nothing if the user has cancelled. */
async function report(context: Context, startFailure: StartFailure, error: unknown): Promise<void> {
  if (isCancelled(error)) {
    return;
  }
  if (error instanceof LaunchError) {
    await startFailure.show(error.message, error.why.remedy);
  } else {
    await showFailure(context, error);
  }
}

async function restart(context: Context): Promise<void> {
  const options = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Restarting the Modelport server…") };
  await vscode.window.withProgress(options, () => context.server.restart());
  context.modelsChanged("user");
}

/** The provider of a row in the view, or one named by another extension or a key binding. */
function providerIn(argument: unknown): string | undefined {
  if (typeof argument === "string") {
    return argument;
  }
  const provider = property(argument, "provider");
  const id = property(provider, "id");
  return typeof id === "string" ? id : undefined;
}

/** The name of the connection of a row, where it has one of its own. */
function connectionIn(argument: unknown): string | undefined {
  const name = property(argument, "connection");
  return typeof name === "string" ? name : undefined;
}

async function withModel(argument: unknown, run: (model: Model) => Promise<void>): Promise<void> {
  const model = property(argument, "model");
  if (typeof property(model, "id") === "string" && typeof property(model, "provider") === "string") {
    await run(model as Model);
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
