// Writes the licences of the packages that are in a bundle: their authors ask that these go with every copy.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

/**
 * The text of the notices.
 *
 * @param {string} root the folder that the files are named from.
 * @param {readonly string[]} inputs the files of the bundle.
 * @throws {Error} a package has no licence file.
 */
export function notices(root, inputs) {
  const folders = new Set(inputs.map((file) => packageOf(resolve(root, file))).filter((folder) => folder !== undefined));
  const parts = [...folders].map((folder) => {
    const { name, version, license } = manifestIn(folder);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) {
      throw new Error(`${name} ${version} has no licence file`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  const line = `\n${"-".repeat(80)}\n\n`;
  return ["The extension contains the following packages.\n", ...parts.sort()].join(line);
}

/**
 * The folder of the package that a file belongs to; undefined for a file of the extension.
 *
 * @param {string} path
 */
function packageOf(path) {
  if (!path.includes(`${sep}node_modules${sep}`)) {
    return undefined;
  }
  let folder = dirname(path);
  for (;;) {
    // Some packages have a package.json in inner folders, too, which only says how modules are written.
    if (existsSync(join(folder, "package.json")) && manifestIn(folder).version !== undefined) {
      return folder;
    }
    folder = dirname(folder);
  }
}

/**
 * @param {string} folder
 * @returns {{ name?: string, version?: string, license?: string }}
 */
function manifestIn(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
