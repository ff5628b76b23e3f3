import { expect, test } from "vitest";

import { environmentPython } from "../../../src/server/environment";
import { type Program, said, searchOn } from "../../support/machine";

const WHEEL = { path: "/ext/modelport-0.1.0-py3-none-any.whl", version: "0.1.0" };
const BASE = { program: "/usr/bin/python3", args: [], version: [3, 12, 4] } as const;
const WHOLE = "/storage/env/0.1.0-0123abcd-3.12";
const ASIDE = `${WHOLE}.abcdef`;
const DAY_MS = 24 * 60 * 60_000;

const working: Program = (line) => said(line.endsWith("--version") ? "modelport, version 0.1.0\n" : "");
const base: Program = () => said("");

test("one that works is used as it is, and counts as used today", async () => {
  const { search, folders, ran, shown } = searchOn({ [`${WHOLE}/bin/python`]: working });
  folders.ages.set(WHOLE, 30 * DAY_MS);
  expect(await environmentPython(search, WHEEL, BASE)).toEqual({ python: `${WHOLE}/bin/python` });
  expect(ran).toEqual([`${WHOLE}/bin/python -I -m modelport --version`]);
  expect(folders.ages.get(WHOLE)).toBe(0);
  expect(shown).toEqual([]);
});

test("one that is broken is made anew", async () => {
  const { search, folders, rejected } = searchOn({ [BASE.program]: base, [`${ASIDE}/bin/python`]: working });
  folders.ages.set(WHOLE, 0);
  expect(await environmentPython(search, WHEEL, BASE)).toEqual({ python: `${WHOLE}/bin/python` });
  expect(folders.removed).toEqual([WHOLE]);
  expect(rejected).toEqual([`The private environment ${WHOLE} does not work, and is made again.`]);
});

test("one of another version does not count as working", async () => {
  const other: Program = () => said("modelport, version 0.0.9\n");
  const { search, folders } = searchOn({ [`${WHOLE}/bin/python`]: other, [BASE.program]: base });
  folders.ages.set(WHOLE, 0);
  await environmentPython(search, WHEEL, BASE);
  expect(folders.removed).toContain(WHOLE);
});

test("one that is not used for a week is removed, and what was left half made", async () => {
  const { search, folders } = searchOn({ [`${WHOLE}/bin/python`]: working });
  folders.ages.set(WHOLE, 0);
  const ages = {
    "0.0.8-0123abcd-3.12": 8 * DAY_MS,
    "0.0.9-0123abcd-3.12": 6 * DAY_MS,
    "0.0.9-0123abcd-3.11.012345": DAY_MS,
    "0.1.0-0123abcd-3.12.fedcba": 60_000,
  };
  for (const [name, age] of Object.entries(ages)) {
    folders.ages.set(`/storage/env/${name}`, age);
  }
  await environmentPython(search, WHEEL, BASE);
  expect(folders.removed).toEqual(["/storage/env/0.0.8-0123abcd-3.12", "/storage/env/0.0.9-0123abcd-3.11.012345"]);
});

test.each([
  ["venv", { [BASE.program]: () => said("", 1, "no space left\n") }, "no space left (exit code 1)"],
  [
    "pip",
    { [BASE.program]: base, [`${ASIDE}/bin/python`]: () => said("", 1, "ERROR: No matching distribution\n") },
    "ERROR: No matching distribution (exit code 1)",
  ],
  [
    "the server",
    { [BASE.program]: base, [`${ASIDE}/bin/python`]: () => said("") },
    "the server does not start from its new environment",
  ],
] satisfies [string, Record<string, Program>, string][])("nothing is left when %s fails", async (_what, programs, problem) => {
  const { search, folders } = searchOn(programs);
  folders.ages.set(ASIDE, 0);
  expect(await environmentPython(search, WHEEL, BASE)).toEqual({ problem });
  expect([...folders.ages.keys()]).toEqual(["/storage/env"]);
});

test("nothing is left when the user cancels", async () => {
  const { search, folders } = searchOn({ [BASE.program]: base }, { cancel: true });
  folders.ages.set(ASIDE, 0);
  await expect(environmentPython(search, WHEEL, BASE)).rejects.toThrow("Cancelled.");
  expect([...folders.ages.keys()]).toEqual(["/storage/env"]);
});

test("one that another window has made in the meantime is used", async () => {
  const { search, folders } = searchOn({
    [BASE.program]: base,
    [`${ASIDE}/bin/python`]: working,
    [`${WHOLE}/bin/python`]: working,
  });
  folders.renameFails = () => {
    folders.ages.set(WHOLE, 0);
    throw Object.assign(new Error("directory not empty"), { code: "ENOTEMPTY" });
  };
  expect(await environmentPython(search, WHEEL, BASE)).toEqual({ python: `${WHOLE}/bin/python` });
});

test("a disk that cannot be written is a problem that is reported", async () => {
  const { search, folders } = searchOn({ [BASE.program]: base, [`${ASIDE}/bin/python`]: working });
  folders.renameFails = () => {
    throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
  };
  expect(await environmentPython(search, WHEEL, BASE)).toEqual({ problem: "EACCES: permission denied" });
});
