import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { ErrorCode } from "../../../src/protocol";
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
import { keyBox, message, openList, question, until } from "../../support/user";
import { ProgressLocation, window } from "../../support/window";

const KEY = "gsk_canary-4f1c9b";

let server: ScriptedServer;
let context: TestContext;
let changes: number;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("groq")] });
  server.answer("provider/connect", connection("groq"));
  server.answer("provider/disconnect", {});
  server.answer("credential/set", credential("groq"));
  server.answer("model/list", { models: [model("a"), model("b")], errors: [] });
  context = contextFor(server);
  changes = 0;
  context.onDidChangeModels(() => (changes += 1));
  registerCommands(context);
});

const connect = (argument?: unknown) => commands.executeCommand("modelport.connect", argument);
const refused = (kind: "auth_rejected" | "network" | "forbidden" | "keyring_unavailable" = "auth_rejected") =>
  new ErrorReply("Groq refused the key: make a new one.", { kind, provider: "groq" });

describe("a key that is typed", () => {
  it("is checked, then stored, and then the stored one is used", async () => {
    const done = connect();
    (await openList("Connect Provider")).choose("Groq");
    const box = await keyBox();
    expect(box).toMatchObject({ password: true, ignoreFocusOut: true });
    box.enter(`  ${KEY} `);
    await done;
    expect(server.requests.map((one) => one.method)).toEqual([
      "provider/list",
      "provider/connect",
      "credential/set",
      "provider/connect",
      "model/list",
    ]);
    expect(server.asked("provider/connect")).toEqual([
      { provider: "groq", apiKey: KEY, keepOverrides: true },
      { provider: "groq", verify: false },
    ]);
    expect(server.asked("credential/set")).toEqual([{ provider: "groq", secret: KEY }]);
    await message("Groq is connected. Its 2 models are in the model picker of Chat.");
    expect(context.stored.get("connections")).toEqual([{ provider: "groq" }]);
    expect(changes).toBe(1);
    expect(everythingShown(context)).not.toContain(KEY);
  });

  it("is asked for again when it is empty", async () => {
    void connect("groq");
    const box = await keyBox();
    box.enter("   ");
    expect(box).toMatchObject({ shown: true, validationMessage: "Paste the key, or press Escape to cancel." });
    expect(server.asked("provider/connect")).toEqual([]);
  });

  it("leads to the key page while the box stays open", async () => {
    void connect("groq");
    const box = await keyBox();
    box.press("Open the page where keys are made");
    expect(env.opened).toEqual(["https://groq.example/keys"]);
    expect(box.shown).toBe(true);
  });

  it("can be given again when it was refused, with the server's own sentence", async () => {
    let tries = 0;
    server.answer("provider/connect", () => {
      tries += 1;
      if (tries === 1) {
        throw refused();
      }
      return connection("groq");
    });
    const done = connect("groq");
    (await keyBox()).enter(`${KEY}-wrong`);
    const said = await message("Groq refused the key: make a new one.");
    expect(said.buttons).toEqual(["Try Another Key", "Open Key Page", "Show Log"]);
    said.press("Try Another Key");
    (await keyBox()).enter(KEY);
    await done;
    expect(server.asked("credential/set")).toEqual([{ provider: "groq", secret: KEY }]);
    expect(everythingShown(context)).not.toContain(KEY);
  });

  it.each(["forbidden", "keyring_unavailable"] as const)("is asked for after its page was opened: %s", async (kind) => {
    server.answer("provider/connect", () => {
      throw refused(kind);
    });
    void connect("groq");
    (await keyBox()).enter(KEY);
    (await message("refused")).press("Open Key Page");
    const box = await until(() => {
      const open = window.inputs.filter((one) => one.shown);
      expect(open).toHaveLength(1);
      return open[0];
    });
    expect(box?.title).toBe("Connect Groq");
    expect(env.opened).toEqual(["https://groq.example/keys"]);
  });

  it("is stored nowhere when it was refused and given up", async () => {
    server.answer("provider/connect", () => {
      throw refused();
    });
    const done = connect("groq");
    (await keyBox()).enter(KEY);
    (await message("refused")).press("Show Log");
    await done;
    expect(server.asked("credential/set")).toEqual([]);
    expect(context.stored.size).toBe(0);
    expect(context.logged).toEqual(["(shown)"]);
    expect(everythingShown(context)).not.toContain(KEY);
  });

  it("that covers one in the environment comes with a warning which is used", async () => {
    const own = credential("groq", { source: "environment", location: "GROQ_API_KEY" });
    server.answer("provider/list", { providers: [provider("groq", { credential: own })] });
    server.answer("provider/connect", (params) => {
      if (params.apiKey === undefined) {
        throw refused();
      }
      return connection("groq", { credential: credential("groq", { source: "session" }) });
    });
    const done = connect("groq");
    (await message("refused")).press("Enter a Key");
    (await keyBox()).enter(KEY);
    await done;
    expect((await message("GROQ_API_KEY")).level).toBe("warning");
    expect(server.asked("provider/connect").at(-1)).toEqual({ provider: "groq", apiKey: KEY, keepOverrides: true });
  });
});

describe("giving up", () => {
  it.each(["the list", "the key"])("at %s asks nothing of the provider", async (step) => {
    const done = connect();
    const list = await openList("Connect Provider");
    if (step === "the list") {
      list.escape();
    } else {
      list.choose("Groq");
      (await keyBox()).escape();
    }
    await done;
    expect(server.requests.map((one) => one.method)).toEqual(["provider/list"]);
    expect(window.messages).toEqual([]);
    expect(commands.executed.filter(([name]) => name === "setContext")).toEqual([]);
  });

  it.each(["provider/connect", "credential/set", "model/list"] as const)("during %s says nothing", async (method) => {
    server.answer(method, untilCancelled);
    const done = connect("groq");
    (await keyBox()).enter(KEY);
    const work = await until(() => {
      const current = window.works.find((one) => !one.done);
      expect(server.requests.at(-1)?.method).toBe(method);
      expect(current).toMatchObject({ cancellable: true, location: ProgressLocation.Notification });
      return current;
    });
    work?.cancel();
    await done;
    expect(window.messages).toEqual([]);
    // What was not agreed to is not left behind in the server's memory.
    expect(server.asked("provider/disconnect")).toHaveLength(method === "credential/set" ? 1 : 0);
  });
});

describe("work that is over at once", () => {
  it("is not shown, so that the editor has room for the message that follows it", async () => {
    const done = connect("groq");
    (await keyBox()).enter(KEY);
    await message("Groq is connected. Its 2 models are in the model picker of Chat.");
    expect(window.works).toEqual([]);
    await done;
  });
});

describe("an address", () => {
  it("is asked for where the row's has names in braces, and the key is kept for it alone", async () => {
    server.answer("provider/list", {
      providers: [provider("azure", { baseUrl: "https://{AZURE_RESOURCE_NAME}.openai.azure.com/openai/v1" })],
    });
    const done = connect("azure");
    const asked = await question();
    expect(asked.options.value).toBe("https://{AZURE_RESOURCE_NAME}.openai.azure.com/openai/v1");
    expect(asked.options.validateInput?.("https://{AZURE_RESOURCE_NAME}.x")).toContain("{AZURE_RESOURCE_NAME}");
    asked.answer("https://mine.openai.azure.com/openai/v1");
    (await keyBox()).enter(KEY);
    await done;
    const baseUrl = "https://mine.openai.azure.com/openai/v1";
    expect(server.asked("provider/connect")[0]).toEqual({ provider: "azure", baseUrl, apiKey: KEY, keepOverrides: true });
    expect(server.asked("credential/set")).toEqual([{ provider: "azure", secret: KEY, baseUrl }]);
    expect(context.stored.get("connections")).toEqual([{ provider: "azure", baseUrl }]);
  });

  it("ends it when it is not given", async () => {
    server.answer("provider/list", { providers: [provider("azure", { baseUrl: "https://{NAME}.example" })] });
    const done = connect("azure");
    (await question()).answer(undefined);
    await done;
    expect(server.asked("provider/connect")).toEqual([]);
  });

  it("is asked for when the server says that it is what is wrong", async () => {
    const local = { connectionType: "local", requiresApiKey: false } as const;
    server.answer("provider/list", { providers: [provider("vllm", local)] });
    server.answer("provider/connect", (params) => {
      if (params.baseUrl === undefined) {
        throw new ErrorReply("Vllm has no address of its own: give baseUrl.", { field: "baseUrl" }, ErrorCode.InvalidParams);
      }
      return connection("vllm");
    });
    const done = connect("vllm");
    (await message("no address")).press("Change the Address");
    (await question()).answer("http://10.0.0.7:8000/v1");
    await done;
    expect(server.asked("provider/connect").at(-1)).toMatchObject({ provider: "vllm", baseUrl: "http://10.0.0.7:8000/v1" });
  });

  it("is the one of the last time", async () => {
    context.stored.set("connections", [{ provider: "groq", baseUrl: "http://proxy.example" }]);
    const done = connect("groq");
    (await keyBox()).escape();
    await done;
    void connect("groq");
    (await keyBox()).enter(KEY);
    await until(() => expect(server.asked("provider/connect")[0]?.baseUrl).toBe("http://proxy.example"));
  });
});

describe("a provider that is ready", () => {
  it("is connected without a question", async () => {
    server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq") })] });
    server.answer("model/list", { models: [model("a")], errors: [] });
    await connect({ kind: "provider", provider: { id: "groq" } });
    await message("Groq is connected. Its model is in the model picker of Chat.");
    expect(commands.executed).toContainEqual(["setContext", "modelport.connected", true]);
    expect(server.asked("provider/connect")).toEqual([{ provider: "groq", keepOverrides: true }]);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ["its default model", "groq-large", undefined],
    ["no default model", undefined, "qwen3"],
    ["another model than its default", "groq-large", "qwen3"],
  ])("with %s is remembered with what it takes to have the same model again", async (_, defaultModel, model) => {
    const row = provider("groq", { credential: credential("groq"), ...(defaultModel && { defaultModel }) });
    server.answer("provider/list", { providers: [row] });
    const found = model ?? defaultModel;
    server.answer("provider/connect", connection("groq", found === undefined ? {} : { model: found }));
    await connect("groq");
    expect(context.stored.get("connections")).toEqual([{ provider: "groq", ...(model && { model }) }]);
  });

  it("that cannot be reached is tried again", async () => {
    server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq") })] });
    let tries = 0;
    server.answer("provider/connect", () => {
      tries += 1;
      if (tries === 1) {
        throw refused("network");
      }
      return connection("groq");
    });
    const done = connect("groq");
    const said = await message("refused");
    expect(said.buttons).toEqual(["Try Again", "Change the Address", "Show Log"]);
    said.press("Try Again");
    await done;
    expect(tries).toBe(2);
  });

  it("whose models cannot be listed is said to be connected all the same", async () => {
    server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq") })] });
    const error = { kind: "provider_unavailable", message: "Groq fails." } as const;
    server.answer("model/list", { models: [], errors: [{ provider: "groq", error }] });
    await connect("groq");
    const said = await message("Groq fails.");
    expect(said).toMatchObject({ level: "warning", buttons: ["Show Log"] });
    said.press("Show Log");
    await until(() => expect(context.logged).toEqual(["(shown)"]));
  });

  it("offers to choose among its models", async () => {
    server.answer("provider/list", { providers: [provider("groq", { credential: credential("groq") })] });
    await connect("groq");
    (await message("Its 2 models")).press("Switch Model");
    await until(() => expect(commands.executed.at(-1)?.[0]).toBe("modelport.switchModel"));
  });
});

describe("an unknown id", () => {
  it("does nothing", async () => {
    await connect("unknown");
    expect(server.requests.map((one) => one.method)).toEqual(["provider/list"]);
  });
});
