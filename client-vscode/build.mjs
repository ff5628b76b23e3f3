// Bundles the extension into dist/. --production leaves out source maps and makes it small; --watch builds again.

import { writeFileSync } from "node:fs";

import { build, context } from "esbuild";

import { notices } from "./notices.mjs";

const production = process.argv.includes("--production");
/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  minify: production,
  sourcemap: !production,
  metafile: true,
  logLevel: "warning",
};
/** @type {import("esbuild").BuildOptions[]} */
const builds = [
  {
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
  },
  {
    // The page is shown by the editor's own browser. Its policy would forbid it to load a source map.
    ...common,
    entryPoints: [
      { in: "src/views/usage/webview/main.ts", out: "usage" },
      { in: "src/views/usage/webview/usage.css", out: "usage" },
    ],
    outdir: "dist",
    platform: "browser",
    format: "iife",
    target: "chrome128",
    sourcemap: false,
  },
];

if (process.argv.includes("--watch")) {
  await Promise.all(builds.map(async (options) => (await context(options)).watch()));
} else {
  const inputs = [];
  for (const options of builds) {
    const { metafile } = await build(options);
    inputs.push(...Object.keys(metafile?.inputs ?? {}));
    for (const [file, { bytes }] of Object.entries(metafile?.outputs ?? {})) {
      console.log(`${file}: ${(bytes / 1024).toFixed(0)} KiB`);
    }
  }
  writeFileSync("dist/NOTICES.txt", notices(".", inputs));
}
