// What is bundled, for build.mjs and for tests that load what it makes.

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
      entryPoints: ["src/extension.ts"],
      outfile: "dist/extension.js",
      platform: "node",
      format: "cjs",
      target: "node20",
      external: ["vscode"],
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
