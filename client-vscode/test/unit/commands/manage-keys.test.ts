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
      "Log In…",
      "Test All Keys",
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

  it("in the editor's storage are changed like those in the keyring", async () => {
    server.answer("credential/list", { credentials: [credential("groq", { source: "client", location: "VS Code: groq" })] });
    void run("manageKeys");
    const list = await openList("Manage Keys");
    expect(list.rows.at(-1)).toBe("Groq | key in the editor's storage (…x7Qd) | VS Code: groq");
    list.choose("Groq");
    (await openList("Groq")).choose("Delete…");
    const asked = await message("Delete the key of Groq?");
    expect(asked.detail).toBe("It is deleted from the editor's storage for secrets.");
    asked.press("Delete");
    await message("The key of Groq is deleted.");
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
    expect(list.rows).toEqual(["Set a Key…", "Log In…", "-- No key was found"]);
    list.choose("Set a Key…");
    (await openList("Connect Provider")).choose("Openai");
    (await keyBox()).escape();
    (await openList("Manage Keys")).escape();
    await done;
    expect(server.asked("credential/set")).toEqual([]);
  });
});

describe("log-ins", () => {
  const own = credential("acme", { loggedIn: true });
  const row = provider("acme", { loginMethods: ["device"], credential: own });

  beforeEach(() => {
    server.answer("credential/list", { credentials: [own, credential("acme", { name: "work", loggedIn: true })] });
    server.answer("provider/list", { providers: [row] });
    server.answer("credential/login", own);
    server.answer("credential/logout", { provider: "acme", source: "none" });
  });

  it("are listed by account, and can be ended", async () => {
    void run("manageKeys");
    const list = await openList("Manage Keys");
    expect(list.rows.slice(4)).toEqual([
      "Acme | logged in (…x7Qd) | modelport/acme",
      "Acme (work) | logged in (…x7Qd) | modelport/acme",
    ]);
    list.choose("Acme (work)");
    const actions = await openList("Acme (work)");
    expect(actions.rows).toEqual(["Log In Again…", "Log Out…", "Test", "Open Key Page"]);
    actions.choose("Log Out…");
    (await message("Log out of Acme (work)?")).press("Log Out");
    await openList("Manage Keys");
    expect(server.asked("credential/logout")).toEqual([{ provider: "acme", name: "work" }]);
  });

  it("can be made again", async () => {
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Acme");
    (await openList("Acme")).choose("Log In Again…");
    await openList("Manage Keys");
    expect(server.asked("credential/login")).toEqual([{ provider: "acme", method: "device" }]);
  });

  it("are begun from the list", async () => {
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Log In…");
    (await openList("Log In")).choose("Acme");
    await openList("Manage Keys");
    expect(server.asked("credential/login")).toEqual([{ provider: "acme", method: "device" }]);
  });

  it("stand beside a key where one is set or replaced", async () => {
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Set a Key…");
    (await openList("Connect Provider")).choose("Acme");
    expect((await openList("Connect Acme")).rows.map((one) => one.split(" | ")[0])).toEqual(["Log In…", "Enter a Key…"]);
  });
});

describe("a key in the list", () => {
  it("says why it is not used, when it was used last, and which keys follow or are hidden", async () => {
    const error = { kind: "auth_rejected", message: "Groq refused the key: make a new one." } as const;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    server.answer("credential/list", {
      credentials: [
        credential("groq", {
          health: { state: "refused", error },
          lastUsedAt: "2026-11-20T12:00:00Z",
          others: [{ source: "environment", location: "GROQ_API_KEY", last4: "zzzz" }],
        }),
        credential("openai", {
          health: { state: "resting", until, error: { kind: "rate_limited", message: "Slow down." } },
          moreKeys: [{ location: "modelport/openai", last4: "bbbb" }],
        }),
      ],
    });
    server.answer("provider/list", { providers: [provider("groq"), provider("openai")] });
    void run("manageKeys");
    const list = await openList("Manage Keys");
    const [groq, openai] = list.rows.slice(4);
    expect(groq).toContain("modelport/groq · refused: Groq refused the key: make a new one. · used last ");
    expect(groq).toContain(" · hides key from the variable GROQ_API_KEY (…zzzz)");
    expect(openai).toMatch(/ · not used until .*: Slow down\. · then key in the keyring \(…bbbb\)$/);
    expect(list.items[4]?.label).toContain("$(warning)");
  });
});

describe("the places where keys are stored", () => {
  it("are shown with their state, why, and what to do; picking one does nothing", async () => {
    server.answer("credential/list", {
      credentials: [],
      stores: [
        { id: "keyring", state: "locked", name: "Secret Service", detail: "The keyring is locked.", action: "unlock it" },
        { id: "client", state: "available", name: "Visual Studio Code", detail: "It can be used." },
        { id: "file", state: "disabled", name: "credentials.json", detail: "No key is stored in a file." },
        { id: "session", state: "available", name: "memory", detail: "Until it ends." },
      ],
    });
    void run("manageKeys");
    const list = await openList("Manage Keys");
    expect(list.rows).toEqual([
      "Set a Key…",
      "Log In…",
      "-- No key was found",
      "-- Where keys are stored",
      "Secret Service | locked | The keyring is locked. → unlock it",
      "Storage of Visual Studio Code for secrets | can be used",
    ]);
    list.choose("Secret Service");
    expect(list.shown).toBe(true);
  });
});

describe("a test of keys", () => {
  const taken = { provider: "groq", source: "keyring", last4: "x7Qd", ok: true, latencyMs: 12 } as const;
  const refused = {
    provider: "openai",
    name: "work",
    source: "environment",
    location: "OPENAI_API_KEY",
    ok: false,
    error: { kind: "auth_rejected", message: "Openai refused the key: make a new one." },
  } as const;

  beforeEach(() => {
    server.answer("credential/list", { credentials: [credential("groq"), credential("openai", { name: "work" })] });
    server.answer("provider/list", { providers: [provider("groq"), provider("openai")] });
  });

  const testOne = async (name: string) => {
    void run("manageKeys");
    (await openList("Manage Keys")).choose(name);
    (await openList(name)).choose("Test");
  };

  it("says whether the provider takes one", async () => {
    server.answer("credential/test", { results: [taken, { ...refused, provider: "groq" }] });
    await testOne("Groq");
    await message("Groq takes the key.");
    expect(server.asked("credential/test")).toEqual([{ provider: "groq" }]);
    await openList("Manage Keys");
  });

  it("says why not", async () => {
    server.answer("credential/test", { results: [refused] });
    await testOne("Openai (work)");
    const said = await message("Openai refused the key: make a new one.");
    expect(said).toMatchObject({ level: "warning", buttons: ["Show Log"] });
    expect(server.asked("credential/test")).toEqual([{ provider: "openai", name: "work" }]);
  });

  it("says that it cannot be told without a call that costs", async () => {
    const unknown = { provider: "groq", source: "keyring", last4: "x7Qd" } as const;
    server.answer("credential/test", { results: [unknown] });
    await testOne("Groq");
    await message("Groq cannot be asked about the key without a call that costs.");
  });

  it("of all shows each, those that failed first", async () => {
    const unknown = { provider: "groq", source: "keyring", last4: "x7Qd" } as const;
    server.answer("credential/test", { results: [taken, unknown, refused] });
    void run("manageKeys");
    (await openList("Manage Keys")).choose("Test All Keys");
    const list = await openList("Test of the Keys");
    expect(list.rows).toEqual([
      "-- Keys that were refused or could not be tested: 1.",
      "Openai (work) | key from the variable OPENAI_API_KEY | Openai refused the key: make a new one.",
      "Groq | key in the keyring (…x7Qd) | the provider takes it",
      "Groq | key in the keyring (…x7Qd) | cannot be tested without a call that costs",
    ]);
    expect(server.asked("credential/test")).toEqual([{}]);
    list.escape();
    await openList("Manage Keys");
  });

  it("of an entry with several keys shows each", async () => {
    server.answer("credential/test", { results: [taken, { ...taken, last4: "aaaa" }] });
    await testOne("Groq");
    expect((await openList("Test of the Keys")).rows).toHaveLength(3);
  });

  it("that fails as a whole leads back to the list", async () => {
    server.answer("credential/test", () => {
      throw new ErrorReply("The keyring does not answer: unlock it.");
    });
    await testOne("Groq");
    (await message("The keyring does not answer: unlock it.")).press();
    await openList("Manage Keys");
  });
});
