// What is bundled, for build.mjs and for tests that load what it makes.

import { readFile } from "node:fs/promises";
import { sep } from "node:path";

const LANGUAGE_CLIENT = "vscode-languageclient/node";
const EDITOR_IMPORT = 'import * as vscode from "vscode";';
const SHARED_IMPORT = 'const vscode = require("vscode");';

/**
 * Keeps the language client in a file of its own, which the first start of the server loads: it is most of the code,
 * and reading it would be most of the time that the extension needs until it is active.
 *
 * An import of the package by another name is an error: all of it would be in the extension's own file.
 * @type {import("esbuild").Plugin}
 */
const languageClientApart = {
  name: "language client apart",
  setup(build) {
    build.onResolve({ filter: /^vscode-languageclient(\/|$)/ }, ({ path, kind, importer }) => {
      if (kind === "entry-point" || importer.includes(`${sep}node_modules${sep}`)) {
        return undefined;
      }
      return path === LANGUAGE_CLIENT
        ? { path: "./languageclient.js", external: true }
        : { errors: [{ text: `The language client must be imported as "${LANGUAGE_CLIENT}", not as "${path}"` }] };
    });
  },
};

/**
 * Lets every module share the editor's interface as it is. For `import *` esbuild would copy its 600 properties or so
 * once per module, and that would be half of the time that the extension needs until it is active.
 *
 * An import that is written in another way, and so is not rewritten, is an error.
 * @type {import("esbuild").Plugin}
 */
const editorShared = {
  name: "editor shared",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const lines = (await readFile(path, "utf8")).split("\n");
      const rewritten = lines.map((line) => (line.trimEnd() === EDITOR_IMPORT ? SHARED_IMPORT : line));
      return { contents: rewritten.join("\n"), loader: "ts" };
    });
    build.onResolve({ filter: /^vscode$/ }, ({ namespace, kind }) => {
      if (namespace === "editor") {
        return { path: "vscode", external: true };
      }
      return kind === "require-call"
        ? { path: "vscode", namespace: "editor" }
        : { errors: [{ text: `The editor's interface must be imported with this line: ${EDITOR_IMPORT}` }] };
    });
    build.onLoad({ filter: /^/, namespace: "editor" }, () => ({ contents: 'module.exports = require("vscode");' }));
  },
};

/**
 * The extension, and the script and the style of its pages.
 * @param {boolean} production small, and without source maps
 * @returns {{ extension: import("esbuild").BuildOptions, pages: import("esbuild").BuildOptions }}
 */
export function bundles(production) {
  const common = {
    absWorkingDir: import.meta.dirname,
    bundle: true,
    minify: production,
    metafile: true,
    logLevel: /** @type {const} */ ("warning"),
  };
  return {
    extension: {
      ...common,
      entryPoints: [
        { in: "src/extension.ts", out: "extension" },
        { in: LANGUAGE_CLIENT, out: "languageclient" },
      ],
      outdir: "dist",
      platform: "node",
      format: "cjs",
      target: "node20",
      plugins: [languageClientApart, editorShared],
      sourcemap: !production,
    },
    // Pages are shown by the editor's own browser. Their policy would forbid them to load a source map.
    pages: {
      ...common,
      entryPoints: [
        { in: "src/views/usage/webview/main.ts", out: "usage" },
        { in: "src/views/usage/webview/usage.css", out: "usage" },
      ],
      outdir: "dist",
      platform: "browser",
      format: "iife",
      target: "chrome128",
    },
  };
}
