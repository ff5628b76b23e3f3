import { beforeEach, expect, it } from "vitest";

import { StartFailure } from "../../../src/commands/start-failure";
import { commands, env } from "../../support/editor";
import { contextFor, freshEditor, ScriptedServer, type TestContext } from "../../support/scripted-server";
import { message, until } from "../../support/user";
import { window } from "../../support/window";

const REMEDY = { label: "Install uv", url: "https://docs.example/uv" };

let context: TestContext;
let failure: StartFailure;

beforeEach(() => {
  freshEditor();
  context = contextFor(new ScriptedServer());
  failure = new StartFailure(context);
});

it("offers what can be installed, where that would help", async () => {
  const told = failure.show("No way was found.", REMEDY);
  (await message("No way was found.")).press("Install uv");
  await told;
  expect(env.opened).toEqual(["https://docs.example/uv"]);
});

it("opens the setting or the log", async () => {
  const told = failure.show("It ended.");
  const shown = await message("It ended.");
  expect(() => shown.press("Install uv")).toThrow();
  shown.press("Choose the Command");
  await told;
  expect(commands.executed).toEqual([["workbench.action.openSettings", "modelport.server.command"]]);
});

it("is shown once at a time", async () => {
  void failure.show("It ended.");
  void failure.show("It ended.");
  await until(() => expect(window.messages).toHaveLength(1));
});
