import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The extension's pages in a real browser: CHROMIUM says which. They need what build.mjs writes. */
export default defineConfig({
  test: { include: ["test/browser/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 60_000, expect: { poll: { timeout: 10_000 } } },
  resolve: { alias: { vscode: fileURLToPath(new URL("test/support/vscode.ts", import.meta.url)) } },
});
