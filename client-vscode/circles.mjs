// Finds folders of src that import each other, directly or through others: none of them could be read without the rest.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";

import ts from "typescript";

/**
 * The circles among the folders below a root, each as the folders on it and the import that leads to the next one.
 * A subfolder is a folder of its own, and so is each module that lies directly in the root. An import counts also when
 * it is for a type only, or dynamic.
 *
 * @param {string} root
 * @returns {string[]} a line for each circle
 */
export function folderCircles(root) {
  /** @type {Map<string, Map<string, string>>} the folders that a folder imports from, with an example of each */
  const graph = new Map();
  for (const module of modulesIn(root)) {
    const from = folderOf(module);
    /** @type {Map<string, string>} */
    const targets = graph.get(from) ?? new Map();
    graph.set(from, targets);
    for (const imported of importsOf(root, module)) {
      const to = folderOf(imported);
      if (to !== from && !targets.has(to)) {
        targets.set(to, `${module} imports ${imported}`);
      }
    }
  }
  return [...graph.keys()].sort().flatMap((folder) => {
    const way = wayBack(graph, folder);
    // Only from the first folder on it, so that a circle is reported once.
    return way === undefined || way.some(({ to }) => to < folder) ? [] : [way.map(({ example }) => example).join("; ")];
  });
}

/**
 * @param {string} root
 * @returns {string[]} the paths of all modules from there, with slashes
 */
function modulesIn(root) {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && statSync(join(root, name)).isFile())
    .map((name) => name.replaceAll(sep, "/"))
    .sort();
}

/** @param {string} module */
function folderOf(module) {
  const folder = posix.dirname(module);
  return folder === "." ? module : folder;
}

/**
 * The modules below the root that a module imports.
 *
 * @param {string} root
 * @param {string} module
 */
function importsOf(root, module) {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, module), "utf8"));
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => `${posix.join(posix.dirname(module), fileName).replace(/\.js$/, "")}.ts`);
}

/**
 * The shortest way from a folder back to itself.
 *
 * @param {Map<string, Map<string, string>>} graph
 * @param {string} start
 * @returns {{ to: string, example: string }[] | undefined}
 */
function wayBack(graph, start) {
  /** @type {{ at: string, steps: { to: string, example: string }[] }[]} */
  const open = [{ at: start, steps: [] }];
  const seen = new Set();
  for (const { at, steps } of open) {
    for (const [to, example] of graph.get(at) ?? []) {
      const way = [...steps, { to, example }];
      if (to === start) {
        return way;
      }
      if (!seen.has(to)) {
        seen.add(to);
        open.push({ at: to, steps: way });
      }
    }
  }
  return undefined;
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, "src");
  for (const circle of folderCircles(root)) {
    console.error(`${relative(process.cwd(), root)}: folders import each other: ${circle}`);
    process.exitCode = 1;
  }
}
