import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Call } from "../../../src/protocol";
import { registerStatus } from "../../../src/views/status";
import { budget, circuit, connection, totals } from "../../support/rows";
import { contextFor, ErrorReply, freshEditor, ScriptedServer, type TestContext } from "../../support/scripted-server";
import { window } from "../../support/window";

let server: ScriptedServer;
let context: TestContext;

const call: Call = {
  id: 1,
  startedAt: "2026-11-20T09:30:00Z",
  provider: "groq",
  model: "a",
  outcome: "ok",
  usage: { inputTokens: 1, outputTokens: 1, latencyMs: 1, usdMicros: 0, estimated: false },
};

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 20, 15, 0, 0) });
  freshEditor();
  server = new ScriptedServer();
  server.answer("provider/status", { active: connection("groq", { model: "gpt-oss" }), connections: [], health: [] });
  server.answer("usage/summary", { totals: totals(), byModel: {}, groups: [] });
  server.answer("budget/list", { budgets: [] });
  context = contextFor(server);
});

afterEach(() => {
  for (const one of context.extension.subscriptions) {
    one.dispose();
  }
  vi.useRealTimers();
});

function item() {
  const [first] = window.statusBarItems;
  if (first === undefined) {
    throw new Error("There is no status bar item");
  }
  return first;
}

const settled = () => vi.advanceTimersByTimeAsync(0);

describe("the status bar", () => {
  it("shows the connection that is in use, where it has a name of its own", async () => {
    const active = connection("groq", { name: "work", model: "gpt-oss" });
    server.answer("provider/status", { active, connections: [active], health: [] });
    registerStatus(context);
    await settled();
    expect(item().text).toContain("$(sparkle) work/gpt-oss");
    expect(item().tooltip?.value).toContain("gpt\\-oss of work");
  });

  it("shows the model in use and what was used since midnight here", async () => {
    registerStatus(context);
    await settled();
    expect(item().text).toBe("$(sparkle) gpt-oss · 12.3K · $0.0415");
    expect(item()).toMatchObject({ visible: true, name: "Modelport", command: "modelport.menu" });
    expect(item().accessibilityInformation?.label).toBe("Modelport: gpt-oss, 12.3K tokens today, $0.0415");
    expect(server.asked("usage/summary")).toEqual([{ since: new Date(2026, 10, 20).toISOString() }]);
  });

  it("shows that the connection in use rests, until when and why, and asks again after that", async () => {
    const active = connection("groq", { model: "gpt-oss" });
    const health = [{ provider: "groq", ok: false, calls: 1, failures: 1, circuits: [circuit()] }];
    server.answer("provider/status", { active, connections: [active], health });
    registerStatus(context);
    await settled();
    expect(item().text).toContain("$(watch) gpt-oss");
    expect(item().tooltip?.value).toMatch(/groq: rests until 3:00:30/);
    expect(item().accessibilityInformation?.label).toContain("rests until 3:00:30");
    server.answer("provider/status", { active, connections: [active], health: [] });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(item().text).toContain("$(sparkle) gpt-oss");
    expect(item().tooltip?.value).not.toContain("rests");
  });

  it("shows the budgets, and in the bar those that have come to their warning", async () => {
    const budgets = [budget({ fraction: 0.8421, state: "warned" }), budget({ name: "team", limitUsdMicros: 90_000_000 })];
    server.answer("budget/list", { budgets });
    registerStatus(context);
    await settled();
    expect(item().text).toBe("$(sparkle) gpt-oss · 12.3K · $0.0415 · daily 84%");
    expect(item().accessibilityInformation?.label).toBe("Modelport: gpt-oss, 12.3K tokens today, $0.0415, daily 84%");
    expect(item().tooltip?.value).toContain("daily: $4.21 of $5.00, 84%");
    expect(item().tooltip?.value).toContain("team: $4.21 of $90.00");
  });

  it("needs no budgets of a server of an earlier version", async () => {
    server.answer("budget/list", () => {
      throw new ErrorReply("There is no method budget/list in this build.", {}, -32601);
    });
    registerStatus(context);
    await settled();
    expect(item().text).toBe("$(sparkle) gpt-oss · 12.3K · $0.0415");
  });

  it("starts no server", async () => {
    server.state = { kind: "stopped" };
    registerStatus(context);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(server.requests).toEqual([]);
    expect(item().text).toBe("$(sparkle) Modelport");
  });

  it("says of a server that is not there yet when it will be", () => {
    server.state = { kind: "stopped", postponed: true };
    registerStatus(context);
    expect(item().tooltip?.value).toContain("installed when it is first used");
  });

  it("turns while the server starts, and while it is busy", async () => {
    server.state = { kind: "stopped" };
    registerStatus(context);
    server.become({ kind: "starting" });
    expect(item().text).toBe("$(loading~spin) Modelport");
    server.become({ kind: "running" });
    await settled();
    expect(item().text).toContain("$(sparkle) gpt-oss");
    server.notify("status/changed", { kind: "normal", busy: true, message: "Loading qwen" });
    expect(item().text).toContain("$(loading~spin) gpt-oss");
    expect(item().tooltip?.value).toContain("Loading qwen");
    server.notify("status/changed", { kind: "normal", busy: false });
    expect(item().text).toContain("$(sparkle) gpt-oss");
  });

  it("turns while answers are streamed, until the last has ended", async () => {
    registerStatus(context);
    await settled();
    const ends: (() => void)[] = [];
    const answer = () => context.answering.during(() => new Promise<void>((resolve) => ends.push(resolve)));
    const answers = [answer(), answer()];
    expect(item().text).toContain("$(loading~spin) gpt-oss");
    expect(item().accessibilityInformation?.label).toContain("busy");
    ends[0]?.();
    await answers[0];
    expect(item().text).toContain("$(loading~spin) gpt-oss");
    ends[1]?.();
    await answers[1];
    expect(item().text).toContain("$(sparkle) gpt-oss");
    expect(item().accessibilityInformation?.label).not.toContain("busy");
  });

  it("warns of a server that could not be started, and says why", async () => {
    registerStatus(context);
    await settled();
    server.become({ kind: "failed", message: "No Python was found: install [uv](command:evil)." });
    expect(item().text).toBe("$(warning) Modelport");
    expect(item().backgroundColor?.id).toBe("statusBarItem.warningBackground");
    expect(item().tooltip?.value).toContain("No Python was found: install \\[uv\\]\\(command:evil\\).");
    expect(item().accessibilityInformation?.label).toContain("could not be started");
    server.become({ kind: "running" });
    expect(item().backgroundColor).toBeUndefined();
  });

  it("links to its own commands and to no others", async () => {
    registerStatus(context);
    await settled();
    const trusted = item().tooltip?.isTrusted as { enabledCommands: string[] };
    expect(trusted.enabledCommands.every((command) => command.startsWith("modelport."))).toBe(true);
    const links = [...(item().tooltip?.value ?? "").matchAll(/\(command:([\w.]+)\)/g)].map((found) => found[1]);
    expect(links.length).toBeGreaterThan(2);
    expect(trusted.enabledCommands).toEqual(expect.arrayContaining(links));
  });

  it("draws no icon that a model's name asks for", async () => {
    server.answer("provider/status", { active: connection("x", { model: "$(bug)m" }), connections: [], health: [] });
    registerStatus(context);
    await settled();
    expect(item().text).toContain("$ (bug)m");
  });

  it("asks once after a burst of calls", async () => {
    registerStatus(context);
    await settled();
    for (let calls = 0; calls < 5; calls += 1) {
      server.notify("usage/updated", { call });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(server.asked("usage/summary")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(server.asked("usage/summary")).toHaveLength(2);
  });

  it("begins anew at midnight", async () => {
    registerStatus(context);
    await settled();
    server.answer("usage/summary", { totals: totals({ totalCalls: 0 }), byModel: {}, groups: [] });
    await vi.advanceTimersByTimeAsync(9 * 3_600_000 + 1_000);
    expect(server.asked("usage/summary").at(-1)).toEqual({ since: new Date(2026, 10, 21).toISOString() });
    expect(item().text).toBe("$(sparkle) gpt-oss");
    expect(item().tooltip?.value).toContain("No usage today.");
    expect(item().accessibilityInformation?.label).toBe("Modelport: gpt-oss");
  });

  it("says no sum where no price is known, and a lower bound where some are not", async () => {
    server.answer("usage/summary", { totals: totals({ unpricedCalls: 3 }), byModel: {}, groups: [] });
    registerStatus(context);
    await settled();
    expect(item().text).toBe("$(sparkle) gpt-oss · 12.3K");
    server.answer("usage/summary", { totals: totals({ unpricedCalls: 1 }), byModel: {}, groups: [] });
    context.modelsChanged("user");
    await vi.advanceTimersByTimeAsync(500);
    expect(item().text).toBe("$(sparkle) gpt-oss · 12.3K · at least $0.0415");
  });

  it("keeps what it shows when the server does not answer", async () => {
    registerStatus(context);
    await settled();
    server.answer("provider/status", () => {
      throw new ErrorReply("No.");
    });
    server.notify("usage/updated", { call });
    await vi.advanceTimersByTimeAsync(500);
    expect(item().text).toContain("gpt-oss");
    expect(window.messages).toEqual([]);
  });

  it("asks nothing once it is disposed", async () => {
    registerStatus(context);
    await settled();
    for (const one of context.extension.subscriptions) {
      one.dispose();
    }
    server.notify("usage/updated", { call });
    await vi.advanceTimersByTimeAsync(48 * 3_600_000);
    expect(server.asked("usage/summary")).toHaveLength(1);
  });
});
