import Module from "node:module";

import * as vscode from "./vscode";

// The language client is loaded as it is, and asks Node.js for the editor's module. It derives classes from the
// editor's and follows documents, of which there are none here: what the stand-in lacks is an empty class, an event
// that never fires, or an empty list.
type Load = (request: string, ...others: unknown[]) => unknown;
const loader = Module as unknown as { _load: Load };
const load = loader._load;
const editor = completed(vscode, (name) => (/^[A-Z]/.test(name) ? newClass() : completed({}, member)));

loader._load = (request, ...others) => (request === "vscode" ? editor : load(request, ...others));

function newClass(): unknown {
  return class {
    readonly isStandIn = true;
  };
}

function member(name: string): unknown {
  return /^(on|register|create|show|get)[A-Z]/.test(name) ? () => new vscode.Disposable(() => undefined) : [];
}

function completed(known: object, missing: (name: string) => unknown): object {
  return new Proxy(known, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (value === undefined) {
        return typeof name === "string" ? missing(name) : undefined;
      }
      const isNamespace = typeof value === "object" && value !== null && target === vscode;
      return isNamespace ? new Proxy({ ...value }, { get: (own, key) => Reflect.get(own, key) ?? member(String(key)) }) : value;
    },
  });
}
