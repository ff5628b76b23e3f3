import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { commands, env } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import {
  contextFor,
  freshEditor,
  ScriptedServer,
  type TestContext,
  untilCancelled,
} from "../../support/scripted-server";
import { fillingList, openList } from "../../support/user";
import { window } from "../../support/window";

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

describe("the list of providers", () => {
  it("puts what is ready first, then categories, and says where each key comes from", async () => {
    server.answer("provider/list", {
      providers: [
        provider("ollama", {
          category: "Local",
          connectionType: "local",
          requiresApiKey: false,
          credential: { provider: "ollama", source: "notRequired" },
        }),
        provider("groq"),
        provider("openai", {
          category: "US Labs",
          credential: credential("openai", { source: "environment", location: "OPENAI_API_KEY" }),
        }),
        provider("mistral", { connected: true, credential: credential("mistral") }),
        provider("gone", { status: "retired" }),
        provider("foreign", { supported: false }),
        provider("moved", { notice: "Moves in May." }),
        ...[true, false].map((installed) =>
          provider(installed ? "here" : "missing", {
            connectionType: "oauth",
            requiresApiKey: false,
            credential: { provider: "here", source: "notRequired" },
            installed,
          }),
        ),
      ],
    });
    void connect();
    const list = await openList("Connect Provider");
    expect(list.rows).toEqual([
      "-- Ready to use",
      "Openai | key from the variable OPENAI_API_KEY (…x7Qd)",
      "Mistral | connected, key in the keyring (…x7Qd)",
      "Here | uses the log-in of its own program",
      "-- Local",
      "Ollama | local, needs no key",
      "-- Model Hosts",
      "Groq | needs a key",
      "Moved | needs a key | Moves in May.",
      "Missing | uses the log-in of its own program",
    ]);
  });

  it("opens the key page and the documentation, and stays open", async () => {
    void connect();
    const list = await openList("Connect Provider");
    list.pressOn("Groq", "Open the page where keys are made");
    list.pressOn("Groq", "Open the documentation");
    expect(env.opened).toEqual(["https://groq.example/keys", "https://docs.groq.example"]);
    expect(list).toMatchObject({ shown: true, ignoreFocusOut: true });
  });

  it("opens no address that is not of the web", async () => {
    server.answer("provider/list", { providers: [provider("groq", { keyUrl: "command:evil" })] });
    void connect();
    (await openList("Connect Provider")).pressOn("Groq", "Open the page where keys are made");
    expect(env.opened).toEqual([]);
  });

  it("says so when it is empty", async () => {
    server.answer("provider/list", { providers: [] });
    void connect();
    expect((await openList("Connect Provider")).placeholder).toBe("The server has no provider");
  });

  it("cancels the request when it is closed while it fills", async () => {
    let cancelled = false;
    server.answer("provider/list", (params, token) => {
      token?.onCancellationRequested(() => (cancelled = true));
      return untilCancelled(params, token);
    });
    const done = connect();
    (await fillingList("Connect Provider")).escape();
    await done;
    expect(cancelled).toBe(true);
    expect(window.messages).toEqual([]);
  });
});
