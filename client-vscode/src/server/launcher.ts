import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as vscode from "vscode";

import { findLaunch } from "./find";
import { LaunchCancelled, LaunchError, type Launcher, LaunchPostponed } from "./launch";
import { localFiles, localMachine } from "./local-machine";
import type { Search, Wheel } from "./search";
import { versionIn } from "./versions";

/** The ways to start the server on this machine, in their order. */
export function createLauncher(extension: vscode.ExtensionContext, log: vscode.LogOutputChannel): Launcher {
  return {
    find: async (signal, mayInstall) => findLaunch(await newSearch(extension, log, signal, mayInstall)),
  };
}

/** A setting's value for this machine. A workspace's own value is ignored, also where the editor allows one. */
export function machineSetting(name: string): unknown {
  const values = vscode.workspace.getConfiguration("modelport").inspect(name);
  return values?.globalValue ?? values?.defaultValue;
}

async function newSearch(
  extension: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  signal: AbortSignal,
  mayInstall: () => boolean,
): Promise<Search> {
  const { version } = extension.extension.packageJSON as { version: string };
  const own = versionIn(version);
  if (own === undefined) {
    throw new LaunchError(vscode.l10n.t("The extension's version cannot be read: install it again."));
  }
  return {
    machine: localMachine,
    environments: {
      folder: join(extension.globalStorageUri.fsPath, "env"),
      files: localFiles,
      mark: () => randomBytes(3).toString("hex"),
    },
    version: own,
    wheel: await bundledWheel(join(extension.extensionUri.fsPath, "bundled")),
    settings: { command: machineSetting("server.command"), uv: machineSetting("uv.path") },
    signal,
    reject: (line) => log.info(line),
    withProgress: async (title, work) => {
      if (!mayInstall()) {
        throw new LaunchPostponed(vscode.l10n.t("The Modelport server is installed when it is first used."));
      }
      return withProgress(title, signal, work);
    },
  };
}

async function bundledWheel(folder: string): Promise<Wheel | undefined> {
  const name = (await localFiles.names(folder)).find((file) => /^modelport-[^-]+-.*\.whl$/.test(file));
  const version = name?.split("-")[1];
  return name === undefined || version === undefined ? undefined : { path: join(folder, name), version };
}

function withProgress<T>(title: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return Promise.resolve(
    vscode.window.withProgress(options, async (_progress, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort());
      const done = await work(AbortSignal.any([signal, stop.signal]));
      if (stop.signal.aborted) {
        throw new LaunchCancelled(
          vscode.l10n.t("The installation of the Modelport server was cancelled. Restart the server to begin again."),
        );
      }
      return done;
    }),
  );
}
