import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import { LaunchError } from "../../../src/server/launch";
import { commands, env, workspace } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import {
  contextFor,
  freshEditor,
  ScriptedServer,
  type TestContext,
  untilCancelled,
} from "../../support/scripted-server";
import { message, openList, until } from "../../support/user";
import { window } from "../../support/window";

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

describe("diagnostics", () => {
  it("are shown as a page that can be copied", async () => {
    server.answer("diagnostics/run", {
      checks: [
        { id: "program", status: "ok", detail: "modelport 0.1.0" },
        { id: "keyring", status: "warn", detail: "no keyring", action: "install one" },
        { id: "dataFolder", status: "fail", detail: "read only" },
      ],
    });
    await run("runDiagnostics");
    const report = workspace.contents.get("modelport-diagnostics")?.provideTextDocumentContent(undefined as never);
    expect(report).toContain("- ✓ ok **program**: modelport 0.1.0\n");
    expect(report).toContain("- ⚠ attention **keyring**: no keyring\n  → install one\n");
    expect(report).toContain("- ✗ failed **dataFolder**: read only\n");
    expect(window.shownDocuments).toHaveLength(1);
    (await message("Checks that failed: 1. Checks that need attention: 1.")).press("Copy");
    await until(() => expect(env.copied).toEqual([report]));
  });

  it("can be cancelled", async () => {
    server.answer("diagnostics/run", untilCancelled);
    const done = run("runDiagnostics");
    await until(() => expect(window.works).toHaveLength(1));
    window.works[0]?.cancel();
    await done;
    expect(window.messages).toEqual([]);
    expect(window.shownDocuments).toEqual([]);
  });
});

describe("the menu", () => {
  it("runs what is picked", async () => {
    const done = run("menu");
    (await openList("Modelport")).choose("Show Log");
    await done;
    expect(context.logged).toEqual(["(shown)"]);
  });

  it("restarts the server", async () => {
    await run("restart");
    expect(server.restarts).toBe(1);
  });
});

describe("a server that cannot be started", () => {
  const sentence = "No Python 3.11 was found: install uv, or set modelport.server.command.";

  it("is shown once, however often it fails", async () => {
    server.become({ kind: "failed", message: sentence });
    const said = await message(sentence);
    expect(said.buttons).toEqual(["Try Again", "Choose the Command", "Show Log"]);
    server.become({ kind: "failed", message: sentence });
    said.press();
    await until(() => expect(window.messages).toHaveLength(1));
    server.become({ kind: "starting" });
    server.become({ kind: "failed", message: sentence });
    expect(window.messages).toHaveLength(1);
    server.become({ kind: "running" });
    server.become({ kind: "failed", message: sentence });
    expect(window.messages).toHaveLength(2);
  });

  it("is not shown after a background start", async () => {
    server.become({ kind: "failed", message: sentence, background: true });
    await new Promise(setImmediate);
    expect(window.messages).toEqual([]);
    server.become({ kind: "failed", message: sentence });
    await message(sentence);
  });

  it("is shown again, once, when a command needs it", async () => {
    server.answer("provider/list", () => {
      server.become({ kind: "failed", message: sentence });
      throw new LaunchError(sentence);
    });
    const done = run("connect");
    (await message(sentence)).press();
    await done;
    expect(window.messages).toHaveLength(1);
    void run("connect");
    await until(() => expect(window.messages).toHaveLength(2));
  });

  it("can be tried again, or given another command, or looked up in the log", async () => {
    for (const button of ["Try Again", "Choose the Command", "Show Log"]) {
      server.become({ kind: "running" });
      server.become({ kind: "failed", message: sentence });
      const said = await until(() => {
        const last = window.messages.at(-1);
        expect(last?.text).toBe(sentence);
        return last;
      });
      said?.press(button);
      await new Promise(setImmediate);
    }
    expect(server.restarts).toBe(1);
    expect(commands.executed).toEqual([["workbench.action.openSettings", "modelport.server.command"]]);
    expect(context.logged).toEqual(["(shown)"]);
  });
});
