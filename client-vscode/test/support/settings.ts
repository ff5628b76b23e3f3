import { Disposable } from "./vscode";

/** What the editor tells of settings. */

interface Values {
  readonly defaultValue?: unknown;
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
}

interface Change {
  affectsConfiguration(section: string): boolean;
}

type Listener = (change: Change) => unknown;

/** The values of the settings, by their full names; a test fills it and empties it again. */
export const settings = new Map<string, Values>();

/** The settings that no extension can write, because the editor does not register them. */
export const unregistered = new Set<string>();

const listeners = new Set<Listener>();

/** Sets a setting to these values, as a user or a workspace does. */
export function change(name: string, values: Values): void {
  settings.set(name, values);
  for (const listener of [...listeners]) {
    listener({ affectsConfiguration: (section) => name === section || name.startsWith(`${section}.`) });
  }
}

export function onDidChangeConfiguration(listener: Listener): Disposable {
  listeners.add(listener);
  return new Disposable(() => listeners.delete(listener));
}

export function getConfiguration(section = "") {
  const values = (name: string): Values | undefined => settings.get(section === "" ? name : `${section}.${name}`);
  return {
    inspect: values,
    get(name: string, otherwise?: unknown): unknown {
      const { workspaceValue, globalValue, defaultValue } = values(name) ?? {};
      return workspaceValue ?? globalValue ?? defaultValue ?? otherwise;
    },
    async update(name: string, globalValue: unknown): Promise<void> {
      const full = section === "" ? name : `${section}.${name}`;
      if (unregistered.has(full)) {
        throw new Error(`${full} is not a registered configuration.`);
      }
      change(full, { ...values(name), globalValue });
    },
  };
}
