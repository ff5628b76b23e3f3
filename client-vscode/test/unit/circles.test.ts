import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "modelport-circles-"));
});

afterEach(() => rm(root, { recursive: true }));

/** The circles among modules, each given with its source. */
async function circlesOf(modules: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [module, source] of Object.entries(modules)) {
    await mkdir(dirname(join(root, module)), { recursive: true });
    await writeFile(join(root, module), source);
  }
  const { folderCircles } = await import("../../circles.mjs");
  return folderCircles(root);
}

test("folders that import in one direction are no circle, and neither are modules of one folder", async () => {
  expect(
    await circlesOf({
      "main.ts": 'import "./a/one";\nimport "./b/three";\n',
      "a/one.ts": 'import "./two";\nimport "../b/three";\n',
      "a/two.ts": 'import "./one";\nimport { readFile } from "node:fs";\n',
      "b/three.ts": "",
    }),
  ).toEqual([]);
});

test("two folders that import each other are a circle, also for a type or with import()", async () => {
  expect(
    await circlesOf({
      "a/one.ts": 'import type { Two } from "../b/two";\nexport interface Three extends Two {}\n',
      "b/two.ts": "export interface Two {}\n",
      "b/four.ts": 'void import("../a/one.js");\n',
    }),
  ).toEqual(["a/one.ts imports b/two.ts; b/four.ts imports a/one.ts"]);
});

test("a folder and its subfolder are two", async () => {
  expect(
    await circlesOf({
      "a/data.ts": 'import "./chart/days";\n',
      "a/types.ts": "",
      "a/chart/days.ts": 'import "../types";\n',
    }),
  ).toEqual(["a/data.ts imports a/chart/days.ts; a/chart/days.ts imports a/types.ts"]);
});

test("a circle over three folders, or over a module of the root, is reported once", async () => {
  expect(
    await circlesOf({
      "client.ts": 'import "./b/two";\n',
      "a/one.ts": 'import "../client";\n',
      "b/two.ts": 'import "../a/one";\n',
    }),
  ).toEqual(["a/one.ts imports client.ts; client.ts imports b/two.ts; b/two.ts imports a/one.ts"]);
});
