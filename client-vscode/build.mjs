// Bundles the extension into dist/. --production leaves out source maps and makes it small; --watch builds again.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { build, context } from "esbuild";

import { bundles } from "./bundles.mjs";
import { notices } from "./notices.mjs";

const { extension, pages } = bundles(process.argv.includes("--production"));

if (process.argv.includes("--watch")) {
  await Promise.all([extension, pages].map(async (options) => (await context(options)).watch()));
} else {
  const inputs = [];
  for (const options of [extension, pages]) {
    const { metafile } = await build(options);
    inputs.push(...Object.keys(metafile?.inputs ?? {}));
    for (const [file, { bytes }] of Object.entries(metafile?.outputs ?? {})) {
      console.log(`${file}: ${(bytes / 1024).toFixed(0)} KiB`);
    }
  }
  writeFileSync(join(import.meta.dirname, "dist", "NOTICES.txt"), notices(import.meta.dirname, inputs));
}
