import { beforeEach, describe, expect, it } from "vitest";
import {
  CancellationTokenSource,
  LanguageModelChatToolMode,
  type ProvideLanguageModelChatResponseOptions,
} from "vscode";

import type { ModelInformation } from "../../../src/models/information";
import { LogInOffer } from "../../../src/models/log-in-offer";
import { ModelProvider } from "../../../src/models/provider";
import { commands } from "../../support/editor";
import { connection, provider } from "../../support/rows";
import { contextFor, ErrorReply, freshEditor, ScriptedServer } from "../../support/scripted-server";
import { Told } from "../../support/progress";
import { message, until } from "../../support/user";
import { window } from "../../support/window";

let server: ScriptedServer;
let offer: LogInOffer;

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/list", { providers: [provider("acme", { loginMethods: ["device"] }), provider("groq")] });
  server.answer("provider/status", { active: null, connections: [connection("acme", { name: "work" })], health: [] });
  offer = new LogInOffer(contextFor(server));
});

const ended = (id: string, kind: "auth_required" | "auth_rejected" | "network" = "auth_required") =>
  new ErrorReply("The log-in to Acme has ended: log in again.", { kind, provider: id });
const logIns = () => commands.executed.filter(([name]) => name === "modelport.logIn").map(([, argument]) => argument);

describe("an answer that fails for want of a log-in", () => {
  it.each(["auth_required", "auth_rejected"] as const)("comes with a button that logs in: %s", async (kind) => {
    const done = offer.make(ended("acme", kind), "acme");
    const said = await message("The log-in to Acme has ended");
    expect(said).toMatchObject({ level: "error", modal: false, buttons: ["Log In Again"] });
    said.press("Log In Again");
    await done;
    expect(logIns()).toMatchObject([{ provider: { id: "acme" }, connection: undefined }]);
    // The user did not cause them: they never install a server.
    expect(server.inBackground).toEqual(["provider/list", "provider/status"]);
  });

  it("logs in to the account that the model is of", async () => {
    const done = offer.make(ended("acme"), "work");
    (await message("has ended")).press("Log In Again");
    await done;
    expect(logIns()).toMatchObject([{ connection: "work" }]);
  });

  it("is offered a log-in by the provider of the editor's models", async () => {
    server.answer("completion/create", () => {
      throw ended("acme");
    });
    const models = new ModelProvider(contextFor(server));
    const options = { toolMode: LanguageModelChatToolMode.Auto } as ProvideLanguageModelChatResponseOptions;
    const model = { id: "work/m" } as ModelInformation;
    const answer = models.provideLanguageModelChatResponse(model, [], options, new Told(), new CancellationTokenSource().token);
    await expect(answer).rejects.toThrow("has ended");
    (await message("has ended")).press("Log In Again");
    await until(() => expect(logIns()).toMatchObject([{ connection: "work" }]));
    models.dispose();
  });

  it("shows one message at a time", async () => {
    const first = offer.make(ended("acme"), "acme");
    await message("has ended");
    await offer.make(ended("acme"), "acme");
    expect(window.messages).toHaveLength(1);
    window.messages[0]?.press();
    await first;
    expect(logIns()).toEqual([]);
    void offer.make(ended("acme"), "acme");
    await message("has ended");
  });

  it.each([
    ["of a provider without a log-in", ended("groq")],
    ["of a provider that is not known", ended("other")],
    ["for another reason", ended("acme", "network")],
    ["without a provider", new ErrorReply("No.", { kind: "auth_required" })],
  ])("offers nothing %s", async (_, error) => {
    await offer.make(error, "acme");
    expect(window.messages).toEqual([]);
  });

  it("offers nothing where the server does not answer", async () => {
    server.answer("provider/list", () => {
      throw new Error("The server ended.");
    });
    await offer.make(ended("acme"), "acme");
    expect(window.messages).toEqual([]);
  });
});
