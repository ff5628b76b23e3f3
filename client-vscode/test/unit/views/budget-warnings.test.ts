import { beforeEach, describe, expect, it, vi } from "vitest";

import type { BudgetStatus, Call } from "../../../src/protocol";
import { registerBudgetWarnings } from "../../../src/views/budget-warnings";
import { commands } from "../../support/editor";
import { budget } from "../../support/rows";
import { contextFor, freshEditor, ScriptedServer } from "../../support/scripted-server";
import { window } from "../../support/window";

let server: ScriptedServer;

const call: Call = {
  id: 1,
  startedAt: "2026-11-20T09:30:00Z",
  provider: "groq",
  model: "a",
  outcome: "ok",
  usage: { inputTokens: 1, outputTokens: 1, latencyMs: 1, usdMicros: 0, estimated: false },
};

beforeEach(() => {
  freshEditor();
  server = new ScriptedServer();
  registerBudgetWarnings(contextFor(server));
});

function told(...budgets: BudgetStatus[]): string[] {
  server.notify("usage/updated", { call, budgets });
  return window.messages.map(({ text }) => text);
}

describe("budget warnings", () => {
  it("say nothing of a call that changes nothing", () => {
    server.notify("usage/updated", { call });
    expect(window.messages).toEqual([]);
  });

  it("say how much is spent and when it begins anew", () => {
    const [warning] = told(budget({ fraction: 0.8421, state: "warned", resetsAt: "2026-12-01T12:00:00Z" }));
    expect(warning).toMatch(
      /^84% of the budget daily is used: \$4\.21 of \$5\.00 are spent\. Calls that do not fit are not sent\. It begins anew on Dec 1, 2026/,
    );
  });

  it("say of a budget that only warns nothing of calls", () => {
    expect(told(budget({ fraction: 1.02, state: "exceeded", action: "warn", period: "session" }))).toEqual([
      "The budget daily is used up: $4.21 of $5.00 are spent.",
    ]);
  });

  it("lead to the usage", async () => {
    const shown = vi.fn();
    commands.registerCommand("modelport.showUsage", shown);
    told(budget({ state: "warned" }));
    expect(window.messages[0]).toMatchObject({ level: "warning", modal: false, buttons: ["Show Usage"] });
    window.messages[0]?.press("Show Usage");
    await vi.waitFor(() => expect(shown).toHaveBeenCalledOnce());
  });

  it("are one for each budget", () => {
    expect(told(budget({ state: "warned" }), budget({ name: "team", state: "exceeded" }))).toHaveLength(2);
  });
});
