import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { commands } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import {
  contextFor,
  ErrorReply,
  everythingShown,
  freshEditor,
  ScriptedServer,
  type TestContext,
} from "../../support/scripted-server";
import { keyBox, message } from "../../support/user";

const KEY = "gsk_canary-4f1c9b";

let server: ScriptedServer;
let context: TestContext;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("groq")] });
  server.answer("provider/connect", connection("groq"));
  server.answer("provider/disconnect", {});
  server.answer("credential/set", credential("groq"));
  server.answer("model/list", { models: [model("a"), model("b")], errors: [] });
  context = contextFor(server);
  registerCommands(context);
});

const connect = (argument?: unknown) => commands.executeCommand("modelport.connect", argument);

describe("a keyring that cannot be used", () => {
  const sentence = "This machine has no keyring that can be used: set the provider's environment variable.";

  beforeEach(() => {
    server.answer("provider/connect", connection("groq", { credential: credential("groq", { source: "session" }) }));
    server.answer("credential/set", () => {
      throw new ErrorReply(sentence, { kind: "keyring_unavailable" });
    });
  });

  it("is shown in the server's words, and the key is used for the session if the user agrees", async () => {
    const done = connect("groq");
    (await keyBox()).enter(KEY);
    const said = await message(sentence);
    expect(said).toMatchObject({ level: "warning", modal: true, buttons: ["Use for This Session Only"] });
    said.press("Use for This Session Only");
    await done;
    expect(server.asked("provider/disconnect")).toEqual([]);
    // It could not be made again without the key, so it is not kept in mind.
    expect(context.stored.get("connections")).toBeUndefined();
    await message("Its 2 models");
    expect(everythingShown(context)).not.toContain(KEY);
  });

  it("leaves nothing connected when that is not wanted", async () => {
    const done = connect("groq");
    (await keyBox()).enter(KEY);
    (await message(sentence)).press();
    await done;
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "groq" }]);
    expect(server.asked("model/list")).toEqual([]);
  });
});
