import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as vscode from "vscode";

import type { ServerState } from "../../../../src/server/state";
import type { Context } from "../../../../src/shared/context";
import { registerUsage } from "../../../../src/views/usage/register";
import { provider } from "../../../support/rows";
import { totals } from "../../../support/usage";
import * as fakes from "../../../support/vscode";

/** A server whose ledger has so many calls, until something else is put in its place. */
class FakeServer {
  readonly notified = new fakes.EventEmitter<unknown>();
  readonly changed = new fakes.EventEmitter<ServerState>();
  readonly asked: unknown[] = [];
  readonly onDidChangeState = this.changed.event;
  readonly answers: Record<string, unknown> = {
    "usage/summary": { totals: totals({ totalCalls: 3 }), byModel: {}, groups: [] },
    "usage/snapshot": totals({ totalCalls: 3 }),
    "budget/list": { budgets: [] },
    "provider/list": { providers: [] },
    "provider/status": { active: null, connections: [], health: [] },
  };
  answer = async (method: string): Promise<unknown> => this.answers[method];

  request(method: string, params: unknown): Promise<unknown> {
    this.asked.push([method, params]);
    return this.answer(method);
  }

  sums(): number {
    return this.asked.filter((one) => Array.isArray(one) && one[0] === "usage/summary").length;
  }

  onNotification(method: string, handler: (params: unknown) => void): fakes.Disposable {
    expect(method).toBe("usage/updated");
    return this.notified.event(handler);
  }
}

let server: FakeServer;
let subscriptions: fakes.Disposable[];

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  subscriptions = [];
  fakes.window.panels.length = 0;
  const extension = { subscriptions, extensionUri: fakes.Uri.parse("https://webview.test/extension") };
  registerUsage({ extension, server, log: { warn: vi.fn(), debug: vi.fn() } } as unknown as Context);
});

afterEach(() => {
  subscriptions.forEach((one) => one.dispose());
  vi.useRealTimers();
});

async function open(): Promise<fakes.FakePanel> {
  await vscode.commands.executeCommand("modelport.showUsage");
  const panel = fakes.window.panels.at(-1);
  if (!panel) {
    throw new Error("no panel was opened");
  }
  return panel;
}

async function ready(): Promise<fakes.FakePanel> {
  const panel = await open();
  panel.say({ kind: "ready", range: 30 });
  await vi.waitFor(() => expect(panel.kinds).toEqual(["texts", "loading", "report"]));
  panel.told.length = 0;
  return panel;
}

test("the command opens one page, and shows it again", async () => {
  const panel = await open();
  expect(await open()).toBe(panel);
  expect([fakes.window.panels.length, panel.revealed]).toEqual([1, 1]);
  panel.dispose();
  expect(await open()).not.toBe(panel);
});

test("the page may run its script, load from dist only, and is not kept while hidden", async () => {
  const { options, webview } = await open();
  expect(options).toMatchObject({ enableScripts: true, retainContextWhenHidden: false });
  expect(webview.options.localResourceRoots?.map(String)).toEqual(["https://webview.test/extension/dist"]);
  expect(webview.html).toContain('src="https://webview.test/extension/dist/usage.js"');
});

test("nothing is requested before the page has said which range it shows", async () => {
  const panel = await open();
  server.notified.fire({});
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.asked).toEqual([]);
  panel.say({ kind: "range", range: "all" });
  await vi.waitFor(() => expect(panel.kinds).toEqual(["loading", "report"]));
  expect(server.asked).toContainEqual(["usage/summary", { groupBy: ["day", "provider", "model"] }]);
});

test("a message that the page would not send is left out", async () => {
  const panel = await open();
  panel.say({ kind: "run", command: "rm" });
  panel.say("ready");
  expect([panel.told, server.asked]).toEqual([[], []]);
});

test("calls that come in are gathered and shown", async () => {
  const panel = await ready();
  const before = server.sums();
  for (let call = 0; call < 20; call += 1) {
    server.notified.fire({});
    await vi.advanceTimersByTimeAsync(30);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  expect(panel.kinds).toEqual(["loading", "report"]);
  expect(server.sums() - before).toBe(4);
});

test("a hidden page is not refreshed", async () => {
  const panel = await ready();
  panel.visible = false;
  server.notified.fire({});
  await vi.advanceTimersByTimeAsync(5_000);
  expect(panel.told).toEqual([]);
});

test("a server that cannot be reached is reported, and tried again by the button and when it runs again", async () => {
  const panel = await open();
  const { answer } = server;
  server.answer = () => Promise.reject(new Error("The server could not be started."));
  panel.say({ kind: "ready", range: 30 });
  await vi.waitFor(() => expect(panel.told.at(-1)).toEqual({ kind: "failed", message: "The server could not be started." }));
  panel.told.length = 0;
  panel.say({ kind: "retry", range: 30 });
  await vi.waitFor(() => expect(panel.kinds).toEqual(["loading", "failed"]));
  server.answer = answer;
  server.changed.fire({ kind: "running" });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(panel.kinds.at(-1)).toBe("report");
  panel.told.length = 0;
  server.changed.fire({ kind: "running" });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(panel.told).toEqual([]);
});

test("an answer that the page could not draw is said to be none", async () => {
  const panel = await open();
  server.answers["usage/summary"] = { totals: { totalCalls: "many" }, groups: [] };
  panel.say({ kind: "ready", range: 30 });
  await vi.waitFor(() => expect(panel.kinds.at(-1)).toBe("failed"));
  expect(panel.told.at(-1)).toMatchObject({ message: expect.stringContaining("cannot be read") });
});

test("only the newest question is answered", async () => {
  const panel = await ready();
  const waiting: (() => void)[] = [];
  const { answer } = server;
  server.answer = (method) => new Promise((resolve) => waiting.push(() => resolve(answer(method))));
  panel.say({ kind: "range", range: 90 });
  panel.say({ kind: "range", range: 7 });
  waiting.forEach((go) => go());
  server.answer = answer;
  await vi.waitFor(() => expect(panel.kinds.at(-1)).toBe("report"));
  await vi.advanceTimersByTimeAsync(100);
  expect(panel.kinds).toEqual(["loading", "loading", "report"]);
  expect(panel.told.at(-1)).toMatchObject({ report: { range: 7 } });
});

test("credits are added to a report that is shown", async () => {
  const acme = provider("acme", { connected: true, reportsCredits: true });
  server.answers["provider/list"] = { providers: [acme] };
  server.answers["provider/status"] = { active: null, connections: [], health: [{ provider: "acme", ok: true, calls: 1, failures: 0 }] };
  server.answers["usage/credits"] = { remainingUsdMicros: 3_200_000 };
  const panel = await open();
  panel.say({ kind: "ready", range: 30 });
  await vi.waitFor(() => expect(panel.kinds).toEqual(["texts", "loading", "report", "credits"]));
  expect(panel.told.at(-1)).toEqual({
    kind: "credits",
    credits: [{ provider: "Acme", scope: "account", balances: ["$3.20 left"] }],
  });
  panel.told.length = 0;
  panel.say({ kind: "range", range: 7 });
  await vi.waitFor(() => expect(panel.kinds).toEqual(["loading", "report", "credits"]));
  // A provider is asked at most once in five minutes.
  expect(server.asked.filter((one) => Array.isArray(one) && one[0] === "usage/credits")).toHaveLength(1);
});

test("a page that is closed while it is filled is no error", async () => {
  const panel = await open();
  panel.say({ kind: "ready", range: 30 });
  panel.dispose();
  server.notified.fire({});
  await vi.advanceTimersByTimeAsync(5_000);
  expect(panel.kinds).toEqual(["texts", "loading"]);
});

test("a page comes back with its window, and only one", async () => {
  const restored = new fakes.FakePanel("modelport.usage", "Usage", {});
  await fakes.window.serializers.get("modelport.usage")?.deserializeWebviewPanel(restored, undefined);
  expect(restored.webview.options).toMatchObject({ enableScripts: true });
  restored.say({ kind: "ready", range: 7 });
  await vi.waitFor(() => expect(restored.kinds).toEqual(["texts", "loading", "report"]));
  await vscode.commands.executeCommand("modelport.showUsage");
  expect([fakes.window.panels.length, restored.revealed]).toEqual([0, 1]);
  const second = new fakes.FakePanel("modelport.usage", "Usage", {});
  await fakes.window.serializers.get("modelport.usage")?.deserializeWebviewPanel(second, undefined);
  expect([restored.disposed, second.disposed]).toEqual([false, true]);
});

test("the page goes with the extension", async () => {
  const panel = await open();
  subscriptions.forEach((one) => one.dispose());
  expect(panel.disposed).toBe(true);
});
