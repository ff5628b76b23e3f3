import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "modelport-bundles-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** The bundle of a module with this source, as text. */
async function bundleOf(source: string): Promise<string> {
  const module = join(folder, "module.ts");
  await writeFile(module, source);
  const { bundles } = await import("../../bundles.mjs");
  const { extension } = bundles(false);
  const { outputFiles } = await build({
    ...extension,
    entryPoints: [module],
    sourcemap: false,
    logLevel: "silent",
    write: false,
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

describe("the editor's interface", () => {
  test("is shared and not copied", async () => {
    const text = await bundleOf('import * as vscode from "vscode";\nvscode.window.showInformationMessage("");\n');
    expect(text).toContain('require("vscode")');
    expect(text).not.toContain("__toESM");
  });

  test.each([
    ["names", 'import { window } from "vscode";\nwindow.showInformationMessage("");\n'],
    ["another name", 'import * as editor from "vscode";\neditor.window.showInformationMessage("");\n'],
    ["other quotes", "import * as vscode from 'vscode';\nvscode.window.showInformationMessage('');\n"],
    ["a trailing comment", 'import * as vscode from "vscode"; // shared\nvscode.window.showInformationMessage("");\n'],
    ["import()", 'void import("vscode").then((vscode) => vscode.window);\n'],
  ])("cannot be imported with %s, which would copy it", async (_, source) => {
    await expect(bundleOf(source)).rejects.toThrow("must be imported with this line");
  });

  test("may be imported in any form for types only", async () => {
    await expect(bundleOf('import type { Uri } from "vscode";\nexport const none: Uri[] = [];\n')).resolves.toContain("none");
  });
});

describe("the language client", () => {
  test("is left in a file of its own", async () => {
    const text = await bundleOf('import { LanguageClient } from "vscode-languageclient/node";\nnew LanguageClient();\n');
    expect(text).toContain('require("./languageclient.js")');
  });

  test("cannot be imported by another name, which would bundle it a second time", async () => {
    const source = 'import { LanguageClient } from "vscode-languageclient/node.js";\nnew LanguageClient();\n';
    await expect(bundleOf(source)).rejects.toThrow('must be imported as "vscode-languageclient/node"');
  });
});
