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
import { keyBox, message, openList } from "../../support/user";

let server: ScriptedServer;
let context: TestContext;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq"), connected: true })] });
  server.answer("provider/status", { active: null, connections: [], health: [] });
  server.answer("provider/connect", (params) => connection(params.provider ?? "", { model: params.model ?? "a" }));
  server.answer("provider/disconnect", {});
  server.answer("model/list", { models: [model("a")], errors: [] });
  context = contextFor(server);
  registerCommands(context);
});

const run = (name: string) => commands.executeCommand(`modelport.${name}`);

describe("keys", () => {
  const KEY = "gsk_canary-77aa";

  beforeEach(() => {
    server.answer("credential/list", {
      credentials: [
        credential("groq"),
        credential("openai", { source: "environment", location: "OPENAI_API_KEY" }),
        credential("unknown"),
      ],
    });
    server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq") }), provider("openai")] });
    server.answer("credential/set", credential("groq"));
    server.answer("credential/delete", { provider: "groq", source: "none" });
  });

  it("are listed with where they are, those that cannot be changed as such", async () => {
    void run("manageKeys");
    const list = await openList("Manage Keys");
    expect(list.rows).toEqual([
      "Set a Key…",
      "-- Keys",
      "Groq | key in the keyring (…x7Qd) | modelport/groq",
      "Openai | key from the variable OPENAI_API_KEY (…x7Qd) | OPENAI_API_KEY · read only",
    ]);
    list.choose("Openai");
    (await openList("Openai")).choose("Why It Cannot Be Changed Here");
    const said = await message("comes from the environment variable OPENAI_API_KEY");
    said.press();
    await openList("Manage Keys");
  });

  it("are replaced by one that works, and the list comes back", async () => {
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Groq");
    (await openList("Groq")).choose("Replace…");
    (await keyBox()).enter(KEY);
    await openList("Manage Keys");
    expect(server.asked("provider/connect")).toEqual([
      { provider: "groq", apiKey: KEY, keepOverrides: true },
      { provider: "groq", model: "a", verify: false },
    ]);
    expect(server.asked("credential/set")).toEqual([{ provider: "groq", secret: KEY }]);
    expect(everythingShown(context)).not.toContain(KEY);
  });

  it("are deleted after a question, and the connection with them", async () => {
    context.stored.set("connections", [{ provider: "groq" }]);
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Groq");
    (await openList("Groq")).choose("Delete…");
    const asked = await message("Delete the key of Groq?");
    expect(asked.modal).toBe(true);
    asked.press("Delete");
    await message("The key of Groq is deleted.");
    expect(server.asked("credential/delete")).toEqual([{ provider: "groq" }]);
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "groq" }]);
    expect(context.stored.get("connections")).toEqual([]);
  });

  it("stay when the question is not answered", async () => {
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Groq");
    (await openList("Groq")).choose("Delete…");
    (await message("Delete the key of Groq?")).press();
    await openList("Manage Keys");
    expect(server.asked("credential/delete")).toEqual([]);
  });

  it("say what is used instead when another is found", async () => {
    server.answer("credential/delete", credential("groq", { source: "environment", location: "GROQ_API_KEY" }));
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Groq");
    (await openList("Groq")).choose("Delete…");
    (await message("Delete the key of Groq?")).press("Delete");
    await message("What is used now: key from the variable GROQ_API_KEY (…x7Qd).");
    expect(server.asked("provider/disconnect")).toEqual([]);
  });

  it("cannot be deleted from a keyring that is locked: the server says so", async () => {
    server.answer("credential/delete", () => {
      throw new ErrorReply("The keyring does not answer: unlock it.");
    });
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Groq");
    (await openList("Groq")).choose("Delete…");
    (await message("Delete the key of Groq?")).press("Delete");
    (await message("The keyring does not answer: unlock it.")).press();
    await openList("Manage Keys");
  });

  it("can be set for any provider when there is none yet", async () => {
    server.answer("credential/list", { credentials: [] });
    const done = run("manageKeys");
    const list = await openList("Manage Keys");
    expect(list.rows).toEqual(["Set a Key…", "-- No key was found"]);
    list.choose("Set a Key…");
    (await openList("Connect Provider")).choose("Openai");
    (await keyBox()).escape();
    (await openList("Manage Keys")).escape();
    await done;
    expect(server.asked("credential/set")).toEqual([]);
  });
});
