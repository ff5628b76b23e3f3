// Writes l10n/bundle.l10n.json, the list of all English texts of the code, for translators. --check only compares, and
// also compares package.json with package.nls.json.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const BUNDLE = "l10n/bundle.l10n.json";
/** @type {string[]} */
const problems = [];

/**
 * The end of white space and line comments from a place in a text.
 *
 * @param {string} text
 * @param {number} at
 */
function skip(text, at) {
  return at + (/^(?:\s|\/\/[^\n]*\n)*/.exec(text.slice(at))?.[0].length ?? 0);
}

/**
 * The string literal at a place, joined with those that are added to it; undefined when there is none.
 *
 * @param {string} text
 * @param {number} at
 * @returns {string | undefined}
 */
function literal(text, at) {
  const found = /^"(?:[^"\\\n]|\\.)*"|^'(?:[^'\\\n]|\\.)*'/.exec(text.slice(at));
  if (found === null) {
    return undefined;
  }
  const [quoted] = found;
  /** @type {string} */
  const value = JSON.parse(quoted.startsWith('"') ? quoted : `"${quoted.slice(1, -1).replaceAll('"', '\\"').replaceAll("\\'", "'")}"`);
  const plus = skip(text, at + quoted.length);
  if (text[plus] !== "+") {
    return value;
  }
  const added = literal(text, skip(text, plus + 1));
  return added === undefined ? undefined : value + added;
}

/**
 * Every text that a source gives to l10n.t.
 *
 * @param {string} path
 */
function textsOf(path) {
  const source = readFileSync(path, "utf8");
  /** @type {string[]} */
  const texts = [];
  for (const call of source.matchAll(/\bl10n\.t\(/g)) {
    const at = skip(source, call.index + call[0].length);
    const text = literal(source, at);
    if (text === undefined) {
      const line = source.slice(0, call.index).split("\n").length;
      problems.push(`${path}:${line}: l10n.t takes a text in quotes, so that it can be found`);
    } else {
      texts.push(text);
    }
  }
  return texts;
}

/** @param {string} folder */
function sources(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function compareManifest() {
  const used = new Set([...readFileSync("package.json", "utf8").matchAll(/"%([\w.]+)%"/g)].map(([, key = ""]) => key));
  /** @type {Record<string, string>} */
  const manifestTexts = JSON.parse(readFileSync("package.nls.json", "utf8"));
  const given = new Set(Object.keys(manifestTexts));
  for (const key of [...used].filter((one) => !given.has(one))) {
    problems.push(`package.nls.json lacks ${key}`);
  }
  for (const key of [...given].filter((one) => !used.has(one))) {
    problems.push(`package.nls.json has ${key}, which package.json does not use`);
  }
}

const texts = [...new Set(sources("src").flatMap(textsOf))].sort();
const bundle = `${JSON.stringify(Object.fromEntries(texts.map((text) => [text, text])), undefined, 2)}\n`;
compareManifest();
if (!process.argv.includes("--check")) {
  writeFileSync(BUNDLE, bundle);
  console.log(`${BUNDLE}: ${texts.length} texts`);
} else if (readFileSync(BUNDLE, "utf8") !== bundle) {
  problems.push(`${BUNDLE} is stale: run npm run l10n`);
}
for (const problem of problems) {
  console.error(problem);
}
process.exitCode = problems.length === 0 ? 0 : 1;
