// What is bundled, for build.mjs and for tests that load what it makes.

import { readFile } from "node:fs/promises";

const LANGUAGE_CLIENT = "vscode-languageclient/node";

/**
 * Keeps the language client in a file of its own, which the first start of the server loads: it is most of the code,
 * and reading it would be most of the time that the extension needs until it is active.
 * @type {import("esbuild").Plugin}
 */
const languageClientApart = {
  name: "language client apart",
  setup: ({ onResolve }) => {
    onResolve({ filter: new RegExp(`^${LANGUAGE_CLIENT}$`) }, ({ kind }) =>
      kind === "entry-point" ? undefined : { path: "./languageclient.js", external: true },
    );
  },
};

/**
 * Has every module share the editor's interface as it is. What `import *` stands for would be made anew for each of
 * them, with some 600 properties, and that would be half of the time that the extension needs until it is active.
 * @type {import("esbuild").Plugin}
 */
const editorShared = {
  name: "editor shared",
  setup: ({ onLoad, onResolve }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { contents: source.replace(/^import \* as vscode from "vscode";$/m, 'const vscode = require("vscode");'), loader: "ts" };
    });
    onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
      namespace === "editor" ? { path: "vscode", external: true } : { path: "vscode", namespace: "editor" },
    );
    onLoad({ filter: /^/, namespace: "editor" }, () => ({ contents: 'module.exports = require("vscode");' }));
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
