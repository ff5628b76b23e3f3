import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { authentication, commands, env, workspace } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import { contextFor, freshEditor, ScriptedServer } from "../../support/scripted-server";
import { settings, unregistered } from "../../support/settings";
import { message, until } from "../../support/user";
import { window } from "../../support/window";

const SETTING = "chat.allowAnonymousAccess";

beforeEach(() => {
  freshEditor();
  const server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq") })] });
  server.answer("provider/connect", connection("groq"));
  server.answer("model/list", { models: [model("a")], errors: [] });
  registerCommands(contextFor(server));
  commands.registered.set("workbench.action.chat.triggerSetup", () => undefined);
});

afterEach(() => {
  settings.clear();
  unregistered.clear();
  authentication.accounts = [];
  workspace.isTrusted = true;
});

const connect = () => commands.executeCommand("modelport.connect", "groq");
const texts = () => window.messages.map((one) => one.text);

describe("the editor's chat, once a provider is connected", () => {
  it("is opened to a user who is not signed in, who agrees", async () => {
    settings.set(SETTING, { defaultValue: false });
    await connect();
    const said = await message("Chat asks you to sign in to GitHub");
    expect(settings.get(SETTING)?.globalValue).toBeUndefined();
    said.press("Use Chat Without Signing In");
    await until(() => expect(settings.get(SETTING)?.globalValue).toBe(true));
  });

  it("is left as it is by a user who does not", async () => {
    settings.set(SETTING, { defaultValue: false });
    await connect();
    (await message("Chat asks you to sign in to GitHub")).press();
    expect(settings.get(SETTING)?.globalValue).toBeUndefined();
  });

  it("is for the user to open where the editor lets no extension do it", async () => {
    unregistered.add(SETTING);
    await connect();
    (await message("Chat asks you to sign in to GitHub")).press("Use Chat Without Signing In");
    await message("The line for the setting is copied");
    expect(env.copied).toEqual(['"chat.allowAnonymousAccess": true,']);
    expect(commands.executed.at(-1)).toEqual(["workbench.action.openSettingsJson"]);
  });

  it.each([
    ["is signed in", { defaultValue: false }, [{ id: "1", label: "me" }], true],
    ["has allowed it", { globalValue: true }, [], true],
    ["has an editor whose chat needs no account", {}, [], false],
  ])("is not mentioned to a user who %s", async (_, values, accounts, box) => {
    settings.set(SETTING, values);
    if (!box) {
      commands.registered.delete("workbench.action.chat.triggerSetup");
    }
    authentication.accounts = accounts;
    await connect();
    await message("Groq is connected.");
    await new Promise((done) => setImmediate(done));
    expect(texts()).toHaveLength(1);
  });

  it("is said to be off in Restricted Mode, with the way to trust the workspace", async () => {
    workspace.isTrusted = false;
    settings.set(SETTING, { defaultValue: false });
    await connect();
    (await message("Chat does not answer in Restricted Mode.")).press("Manage Workspace Trust");
    await until(() => expect(commands.executed.at(-1)).toEqual(["workbench.trust.manage"]));
    expect(texts()).toHaveLength(2);
  });
});
