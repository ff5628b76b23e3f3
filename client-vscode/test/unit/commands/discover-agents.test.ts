import { beforeEach, describe, expect, it } from "vitest";

import { registerCommands } from "../../../src/commands/register";
import type { Agent } from "../../../src/protocol";
import { commands, env } from "../../support/editor";
import { connection, credential, model, provider } from "../../support/rows";
import {
  contextFor,
  freshEditor,
  ScriptedServer,
  type TestContext,
  untilCancelled,
} from "../../support/scripted-server";
import { fillingList, message, openList, until } from "../../support/user";
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

describe("finding agents", () => {
  const agent: Agent = {
    agentId: "gemini",
    displayName: "Gemini CLI",
    installed: true,
    configured: false,
    command: "gemini",
    version: "0.61.0",
    detail: "",
    argv: ["/opt/my tools/gemini", "--acp"],
    status: "unknown",
    identity: "confirmed",
    loginHint: "Run gemini.",
  };
  const missing: Agent = {
    agentId: "claude-acp",
    displayName: "Claude Code",
    installed: false,
    configured: false,
    command: "claude",
    version: "",
    detail: "It needs an adapter.",
    status: "needs_install",
    installHint: "npm install -g it",
  };

  it("explains the levels, and shows agents as they come", async () => {
    let finish = (): void => undefined;
    server.answer("agent/discover", ({ streamId }) => {
      server.notify("agent/update", { streamId: "other", seq: 0, update: { kind: "agent", agent: missing } });
      server.notify("agent/update", { streamId: streamId ?? "", seq: 0, update: { kind: "agent", agent } });
      return new Promise((resolve) => {
        finish = () => resolve({ agents: [agent, missing] });
      });
    });
    void run("discoverAgents");
    const levels = await openList("Discover Agents");
    expect(levels.rows).toHaveLength(3);
    levels.choose("Look and probe");
    const list = await fillingList("Agents of This Machine");
    await until(() =>
      expect(list.rows).toEqual(["Gemini CLI | 0.61.0 · found, not verified | /opt/my tools/gemini --acp"]),
    );
    finish();
    await until(() => expect(list.busy).toBe(false));
    expect(list.rows[1]).toBe("Claude Code | needs to be installed | It needs an adapter.");
    expect(server.asked("agent/discover")[0]).toMatchObject({ level: "probe" });
    list.pressOn("Gemini CLI", "Copy Command Line");
    list.pressOn("Claude Code", "Copy Install Hint");
    await until(() => expect(env.copied).toEqual(["'/opt/my tools/gemini' --acp", "npm install -g it"]));
  });

  it("starts one that is known when it is picked", async () => {
    server.answer("agent/discover", { agents: [agent] });
    void run("discoverAgents");
    (await openList("Discover Agents")).choose("Look");
    (await openList("Agents of This Machine")).choose("Gemini CLI");
    (await openList("Gemini CLI")).choose("Start and Identify It");
    await until(() => expect(server.asked("agent/discover")).toHaveLength(2));
    expect(server.asked("agent/discover")[1]).toMatchObject({ level: "verify", ids: ["gemini"] });
    expect(window.messages).toEqual([]);
  });

  it.each([true, false])("asks before it starts one that only its name tells: %s", async (agreed) => {
    server.answer("agent/discover", { agents: [{ ...agent, identity: "name-only" }] });
    const done = run("discoverAgents");
    (await openList("Discover Agents")).choose("Look");
    (await openList("Agents of This Machine")).choose("Gemini CLI");
    (await openList("Gemini CLI")).choose("Start and Identify It");
    const asked = await message("Start /opt/my tools/gemini?");
    expect(asked.modal).toBe(true);
    asked.press(agreed ? "Start It" : undefined);
    if (agreed) {
      await until(() => expect(server.asked("agent/discover")).toHaveLength(2));
    } else {
      await done;
      expect(server.asked("agent/discover")).toHaveLength(1);
    }
  });

  it("offers to copy, where there is nothing to start", async () => {
    server.answer("agent/discover", { agents: [missing] });
    const done = run("discoverAgents");
    (await openList("Discover Agents")).choose("Look");
    (await openList("Agents of This Machine")).choose("Claude Code");
    const deeds = await openList("Claude Code");
    expect(deeds.rows).toEqual(["Copy Install Hint | npm install -g it"]);
    deeds.choose("Copy Install Hint");
    await done;
    expect(env.copied).toEqual(["npm install -g it"]);
  });

  it("says that there is none", async () => {
    server.answer("agent/discover", { agents: [] });
    void run("discoverAgents");
    (await openList("Discover Agents")).choose("Look");
    const list = await openList("Agents of This Machine");
    expect(list.placeholder).toBe("No agent was found on this machine");
    list.press("Show also what could be installed");
    await until(() => expect(server.asked("agent/discover")[1]).toMatchObject({ level: "static", all: true }));
  });

  it.each(["the level", "the search"])("stops at %s", async (step) => {
    server.answer("agent/discover", untilCancelled);
    const done = run("discoverAgents");
    const levels = await openList("Discover Agents");
    if (step === "the level") {
      levels.escape();
    } else {
      levels.choose("Look, probe and start");
      (await fillingList("Agents of This Machine")).escape();
    }
    await done;
    expect(window.messages).toEqual([]);
  });
});
