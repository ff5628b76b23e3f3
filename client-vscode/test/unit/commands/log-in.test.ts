import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { openPage } from "../../../src/pages";
import type { CredentialStatus, CredentialUpdateParams } from "../../../src/protocol";
import { commands, env } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import {
  contextFor,
  ErrorReply,
  everythingShown,
  freshEditor,
  ScriptedServer,
  type TestContext,
  untilCancelled,
} from "../../support/scripted-server";
import { keyBox, message, openList, until } from "../../support/user";
import { ProgressLocation, window } from "../../support/window";

const PAGE = "https://acme.example/activate";
/** With an address in it, as the page of a code flow has. */
const AUTHORIZE = "https://acme.example/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2F4f0c%3Fa%3D1%26b%3D2";

let server: ScriptedServer;
let context: TestContext;
/** Answers the log-in that is under way. */
let answer: (status: CredentialStatus | Error) => void;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("acme", { loginMethods: ["device", "code"] }), provider("groq")] });
  server.answer("provider/status", { active: null, connections: [], health: [] });
  server.answer("provider/connect", (params) =>
    connection("acme", { name: params.name ?? "acme", credential: credential("acme", { loggedIn: true }) }),
  );
  server.answer("model/list", { models: [model("a")], errors: [] });
  server.answer("credential/login", (_, token) => {
    const reply = new Promise<CredentialStatus>((resolve, reject) => {
      answer = (status) => (status instanceof Error ? reject(status) : resolve(status));
    });
    return Promise.race([reply, untilCancelled(_, token)]);
  });
  context = contextFor(server);
  registerCommands(context);
});

const run = (name: string, argument?: unknown) => commands.executeCommand(`modelport.${name}`, argument);
const loggedIn = (differences: Partial<CredentialStatus> = {}) => credential("acme", { loggedIn: true, ...differences });
const update = (differences: Partial<CredentialUpdateParams> = {}): CredentialUpdateParams => ({
  provider: "acme",
  userCode: "WDJB-MJHT",
  verificationUri: PAGE,
  expiresAt: "2026-11-30T12:15:00Z",
  ...differences,
});
const asked = () => until(() => expect(server.asked("credential/login")).not.toEqual([]));

/** The server says what to do, and then asks for the page; whether that is opened. */
function told(page = PAGE, differences: Partial<CredentialUpdateParams> = {}): Promise<boolean> {
  const { userCode = "", ...others } = update({ verificationUri: page, ...differences });
  server.notify("credential/update", page === PAGE ? { userCode, ...others } : others);
  return server.pages.show(page);
}

describe("a provider with log-ins", () => {
  it("offers them beside a key", async () => {
    const done = run("connect", "acme");
    const list = await openList("Connect Acme");
    expect(list.rows.map((row) => row.split(" | ")[0])).toEqual(["Log In with a Code…", "Log In in the Browser…", "Enter a Key…"]);
    list.choose("Enter a Key…");
    (await keyBox()).escape();
    await done;
    expect(server.asked("credential/login")).toEqual([]);
  });

  it("says so in the list of providers", async () => {
    void run("connect");
    const list = await openList("Connect Provider");
    expect(list.rows).toContain("Acme | log in, or give a key");
    expect(list.rows).toContain("Groq | needs a key");
  });

  it("is connected without a question where it has a key", async () => {
    const own = credential("acme", { source: "environment", location: "ACME_API_KEY" });
    server.answer("provider/list", { providers: [provider("acme", { loginMethods: ["device"], credential: own })] });
    await run("connect", "acme");
    expect(server.asked("provider/connect")).toEqual([{ provider: "acme", keepOverrides: true }]);
  });

  it("is asked for first where it needs no key of its own, as where a program has one", async () => {
    const row = provider("acme", { loginMethods: ["device"], requiresApiKey: false, connectionType: "oauth" });
    server.answer("provider/list", { providers: [row] });
    void run("connect", "acme");
    expect((await openList("Connect Acme")).rows[0]).toContain("Log In…");
  });

  it.each([["connect"], ["logIn"]])("has the one log-in that it has without a question: %s", async (command) => {
    server.answer("provider/list", { providers: [provider("acme", { loginMethods: ["code"] })] });
    void run(command, "acme");
    if (command === "connect") {
      (await openList("Connect Acme")).choose("Log In…");
    }
    await asked();
    expect(server.asked("credential/login")).toEqual([{ provider: "acme", method: "code" }]);
  });
});

describe("a log-in with a code", () => {
  const begin = async () => {
    const done = run("logIn");
    (await openList("Log In")).choose("Acme");
    (await openList("Connect Acme")).choose("Log In with a Code…");
    await asked();
    return done;
  };

  it("shows the code until the server answers, and opens no page before the user wants it", async () => {
    const done = begin();
    await asked();
    const page = told();
    const list = await openList("Log In to Acme");
    expect(list).toMatchObject({ ignoreFocusOut: true });
    expect(list.placeholder).toContain("Enter the code WDJB-MJHT on the page, until ");
    expect(list.rows).toEqual([
      "Copy Code and Open Page | WDJB-MJHT",
      "Copy Code | WDJB-MJHT",
      `Open Page | ${PAGE}`,
      "Cancel",
    ]);
    expect(list.focused).toEqual(["Copy Code and Open Page | WDJB-MJHT"]);
    const [work] = window.works;
    expect(work).toMatchObject({ title: "Log In to Acme", location: ProgressLocation.Notification, cancellable: true });
    expect(work?.messages).toEqual([`Enter the code WDJB-MJHT at ${PAGE}.`]);
    expect(env.opened).toEqual([]);
    list.value = "open";
    list.enter();
    expect(await page).toBe(true);
    expect(list.value).toBe("");
    expect(env.copied).toEqual(["WDJB-MJHT"]);
    expect(env.opened).toEqual([PAGE]);
    expect(list.shown).toBe(true);
    expect(work?.done).toBe(false);
    answer(loggedIn());
    await done;
    expect(list.shown).toBe(false);
    expect(work?.done).toBe(true);
    expect(context.logIns.size).toBe(0);
  });

  it("connects the provider as a key does", async () => {
    const done = begin();
    await asked();
    void told();
    await openList("Log In to Acme");
    answer(loggedIn());
    await done;
    await message("Acme is connected. Its model is in the model picker of Chat.");
    expect(server.asked("provider/connect")).toEqual([{ provider: "acme" }]);
    expect(context.stored.get("connections")).toEqual([{ provider: "acme" }]);
    expect(window.messages.filter(({ level }) => level === "warning")).toEqual([]);
  });

  it("opens the page that has the code in it, and copies without opening", async () => {
    void begin();
    await asked();
    server.notify("credential/update", update());
    const page = server.pages.show(`${PAGE}?user_code=WDJB-MJHT`);
    const list = await openList("Log In to Acme");
    list.choose("Copy Code");
    await until(() => expect(env.copied).toEqual(["WDJB-MJHT"]));
    expect(env.opened).toEqual([]);
    list.choose("Open Page");
    expect(await page).toBe(true);
    expect(env.opened).toEqual([`${PAGE}?user_code=WDJB-MJHT`]);
  });

  it.each(["the list", "the notification"])("is cancelled at the server from %s, and says nothing", async (where) => {
    const done = begin();
    await asked();
    const page = told();
    const list = await openList("Log In to Acme");
    if (where === "the list") {
      list.choose("Cancel");
    } else {
      window.works[0]?.cancel();
    }
    await done;
    expect(await page).toBe(false);
    expect(list.shown).toBe(false);
    expect(window.messages).toEqual([]);
    expect(server.asked("provider/connect")).toEqual([]);
    // The next page is not one of this log-in.
    expect(await server.pages.show("https://other.example/")).toBe(true);
    expect(env.opened).toEqual(["https://other.example/"]);
  });

  it("that ends before the server asks for its page leaves the next page alone", async () => {
    const done = begin();
    await asked();
    server.notify("credential/update", update());
    (await openList("Log In to Acme")).choose("Cancel");
    await done;
    expect(await server.pages.show("https://other.example/")).toBe(true);
    expect(env.opened).toEqual(["https://other.example/"]);
  });

  it("goes on when the list is closed, and the command shows it again", async () => {
    const done = begin();
    await asked();
    void told();
    (await openList("Log In to Acme")).escape();
    expect(window.works[0]?.done).toBe(false);
    await begin();
    const list = await openList("Log In to Acme");
    expect(server.asked("credential/login")).toHaveLength(1);
    answer(loggedIn());
    await done;
    expect(list.shown).toBe(false);
  });

  it("shows what is told to it alone", async () => {
    void begin();
    await asked();
    server.notify("credential/update", update({ provider: "groq" }));
    server.notify("credential/update", update({ name: "work" }));
    await new Promise(setImmediate);
    expect(window.inputs.filter((one) => one.shown)).toEqual([]);
    expect(window.works).toEqual([]);
  });

  it("that is denied can be made again, or replaced by a key", async () => {
    const done = begin();
    await asked();
    void told();
    await openList("Log In to Acme");
    answer(new ErrorReply("Acme refused the log-in: log in again.", { kind: "auth_rejected", provider: "acme" }));
    const said = await message("refused the log-in");
    expect(said.buttons).toEqual(["Log In Again", "Enter a Key", "Open Key Page", "Show Log"]);
    said.press("Log In Again");
    (await openList("Connect Acme")).choose("Log In with a Code…");
    await until(() => expect(server.asked("credential/login")).toHaveLength(2));
    answer(loggedIn());
    await done;
    expect(server.asked("provider/connect")).toHaveLength(1);
  });

  it.each([
    ["network", ["Log In Again", "Show Log"]],
    ["keyring_unavailable", ["Enter a Key", "Open Key Page", "Show Log"]],
    ["unsupported", ["Show Log"]],
  ] as const)("that fails with %s says what can be done", async (kind, buttons) => {
    void begin();
    await asked();
    answer(new ErrorReply("It cannot be.", { kind, provider: "acme" }));
    expect((await message("It cannot be.")).buttons).toEqual(buttons);
  });

  it("says when something else is used before it", async () => {
    const other = credential("acme", { source: "environment", location: "ACME_API_KEY" });
    server.answer("provider/connect", connection("acme", { credential: other }));
    const done = begin();
    await asked();
    answer(loggedIn());
    await done;
    expect((await message("You are logged in, but this is used before it")).text).toContain("ACME_API_KEY");
  });
});

describe("a log-in to a connection with a name", () => {
  it.each(["byok", "local"] as const)("is for that one, at the same address, and connects it: %s", async (connectionType) => {
    const row = provider("acme", { loginMethods: ["device"], connectionType, connected: true, credential: loggedIn() });
    server.answer("provider/list", { providers: [row] });
    server.answer("provider/status", { active: null, connections: [connection("acme")], health: [] });
    const done = run("logIn");
    (await openList("Log In")).choose("Acme");
    (await openList("Connect Acme")).choose("Add Another Connection…");
    await until(() => expect(window.questions).toHaveLength(1));
    window.questions[0]?.answer("work");
    await asked();
    void told(PAGE, { name: "Work" });
    await openList("Log In to Acme (work)");
    answer(loggedIn({ name: "work" }));
    await done;
    expect(server.asked("credential/login")).toEqual([{ provider: "acme", name: "work", method: "device" }]);
    expect(server.asked("provider/connect")).toEqual([{ provider: "acme", name: "work" }]);
    await message("Acme (work) is connected.");
  });
});

describe("a log-in in the browser", () => {
  const begin = async () => {
    void run("logIn", "acme");
    (await openList("Connect Acme")).choose("Log In in the Browser…");
    await asked();
    server.notify("credential/update", { provider: "acme", verificationUri: AUTHORIZE, expiresAt: "2026-11-30T12:15:00Z" });
  };

  it("opens the page at once, as it is, after what there is to do is shown", async () => {
    await begin();
    const list = await openList("Log In to Acme");
    expect(env.opened).toEqual([]);
    const page = server.pages.show(AUTHORIZE);
    await until(() => expect(env.opened).toEqual([AUTHORIZE]));
    expect(await page).toBe(true);
    expect(list.rows).toEqual([
      "Open Page | https://acme.example/authorize",
      "Copy Address of the Page",
      "Paste the Address… | Where the browser ends at a page that it cannot open, as on another machine.",
      "Cancel",
    ]);
    list.choose("Copy Address of the Page");
    await until(() => expect(env.copied).toEqual([AUTHORIZE]));
  });

  it("takes what the page shows, and says in place what does not belong to it", async () => {
    let tries = 0;
    server.answer("credential/input", () => {
      tries += 1;
      if (tries === 1) {
        throw new ErrorReply("This is not of this log-in: paste the whole address.", { field: "text" }, -32602);
      }
      return {};
    });
    await begin();
    (await openList("Log In to Acme")).choose("Paste the Address…");
    const box = await keyBox();
    box.enter(" ");
    expect(box.validationMessage).toContain("Paste the address");
    box.enter("canary-wrong");
    await until(() => expect(box.validationMessage).toBe("This is not of this log-in: paste the whole address."));
    expect(box.shown).toBe(true);
    box.enter("  canary-code ");
    await until(() => expect(box.shown).toBe(false));
    expect(server.asked("credential/input")).toEqual([
      { provider: "acme", text: "canary-wrong" },
      { provider: "acme", text: "canary-code" },
    ]);
    expect(everythingShown(context)).not.toContain("canary");
  });

  it("shows the list again when the box is closed", async () => {
    await begin();
    (await openList("Log In to Acme")).choose("Paste the Address…");
    (await keyBox()).escape();
    (await openList("Log In to Acme")).choose("Cancel");
    await until(() => expect(window.inputs.filter((one) => one.shown)).toEqual([]));
  });
});

describe("the notice of a provider", () => {
  const notice = "GitHub documents no access for other programs.";
  const begin = async () => {
    const done = run("logIn", "acme");
    (await openList("Connect Acme")).choose("Log In in the Browser…");
    await asked();
    return done;
  };

  it("is shown before the page, once", async () => {
    const done = begin();
    await asked();
    void told(AUTHORIZE, { notice });
    const said = await until(() => {
      expect(window.messages).toHaveLength(1);
      return window.messages[0];
    });
    expect(said).toMatchObject({ text: "Log In to Acme", detail: notice, modal: true, buttons: ["Continue"] });
    expect(window.inputs.filter((one) => one.shown)).toEqual([]);
    expect(env.opened).toEqual([]);
    said?.press("Continue");
    await openList("Log In to Acme");
    await until(() => expect(env.opened).toEqual([AUTHORIZE]));
    answer(loggedIn());
    await done;
    server.requests.length = 0;
    window.messages = [];
    void begin();
    await asked();
    void told(AUTHORIZE, { notice });
    await openList("Log In to Acme");
    expect(window.messages).toEqual([]);
  });

  it("ends the log-in where the user does not want to go on", async () => {
    const done = begin();
    await asked();
    const page = told(AUTHORIZE, { notice });
    await until(() => expect(window.messages).toHaveLength(1));
    window.messages[0]?.press();
    await done;
    expect(await page).toBe(false);
    expect(env.opened).toEqual([]);
    expect(context.stored.get("notices")).toBeUndefined();
  });
});

describe("logging out", () => {
  beforeEach(() => {
    server.answer("credential/list", {
      credentials: [loggedIn(), loggedIn({ name: "work" }), credential("groq", { source: "environment" })],
    });
    server.answer("credential/logout", { provider: "acme", source: "none" });
    server.answer("provider/disconnect", {});
  });

  it("is for what was logged in, after a question, and ends the connection", async () => {
    context.stored.set("connections", [{ provider: "acme" }, { provider: "acme", name: "work" }]);
    const done = run("logOut");
    const list = await openList("Log Out");
    expect(list.rows).toEqual(["Acme | logged in (…x7Qd)", "Acme (work) | logged in (…x7Qd)"]);
    list.choose("Acme (work)");
    const said = await message("Log out of Acme (work)?");
    expect(said.modal).toBe(true);
    said.press("Log Out");
    await done;
    await message("You are logged out of Acme (work).");
    expect(server.asked("credential/logout")).toEqual([{ provider: "acme", name: "work" }]);
    expect(server.asked("provider/disconnect")).toEqual([{ provider: "work" }]);
    expect(context.stored.get("connections")).toEqual([{ provider: "acme" }]);
  });

  it("does nothing without an answer", async () => {
    const done = run("logOut");
    (await openList("Log Out")).choose("Acme");
    (await message("Log out of Acme?")).press();
    await done;
    expect(server.asked("credential/logout")).toEqual([]);
  });

  it("says what is used now", async () => {
    server.answer("credential/logout", credential("acme", { source: "environment", location: "ACME_API_KEY" }));
    void run("logOut");
    (await openList("Log Out")).choose("Acme");
    (await message("Log out of Acme?")).press("Log Out");
    await message("What is used now: key from the variable ACME_API_KEY (…x7Qd).");
    expect(server.asked("provider/disconnect")).toEqual([]);
  });
});

describe("a page", () => {
  it.each(["file:///etc/passwd", "command:workbench.action.quit", "javascript:alert(1)"])("that is %s is not opened", async (address) => {
    expect(await openPage(address)).toBe(false);
    expect(env.opened).toEqual([]);
  });
});
