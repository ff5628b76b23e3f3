import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import ts from "typescript-eslint";

export default defineConfig(
  { ignores: ["bundled", "dist"] },
  {
    files: ["**/*.ts", "**/*.mts", "**/*.mjs"],
    extends: [js.configs.recommended, ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: ["tsconfig.json", "src/views/usage/webview/tsconfig.json"] } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // The compiler finds cases that fall through, too, and knows that none does after `process.exit()`.
      "no-fallthrough": "off",
      // `() => log.show()` hides nothing: a handler whose result is nothing is as plain without braces.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An empty text means what a missing one does, in what the server sends and in what the editor asks for.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
      // A function is async also to fulfil an asynchronous interface, and to reject where it would throw.
      "@typescript-eslint/require-await": "off",
      // How a number is written in a text is plain.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    // The compiler checks these files, too, and knows their globals.
    files: ["**/*.mjs"],
    rules: { "no-undef": "off" },
  },
  {
    // What JSON has is `any`, and in a test so is `expect.stringContaining(…)`; the compiler checks annotated variables.
    files: ["**/*.mjs", "test/**"],
    rules: { "@typescript-eslint/no-unsafe-assignment": "off", "@typescript-eslint/no-unsafe-return": "off" },
  },
);
