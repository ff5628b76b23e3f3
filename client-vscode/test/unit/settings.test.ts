import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { machineSetting } from "../../src/server/launcher";
import type { ServerState } from "../../src/server/state";
import { registerServerSettings } from "../../src/settings";
import type { Context } from "../../src/shared/context";
import { newLog } from "../support/log";
import { change, settings } from "../support/settings";

const restart = vi.fn(async () => undefined);
let state: ServerState = { kind: "running" };
let subscriptions: { dispose(): unknown }[] = [];

beforeEach(() => {
  state = { kind: "running" };
  subscriptions = [];
  settings.clear();
  restart.mockReset().mockResolvedValue(undefined);
  registerServerSettings({
    extension: { subscriptions },
    log: newLog().log,
    server: {
      restart,
      get state() {
        return state;
      },
    },
  } as unknown as Context);
});

afterEach(() => {
  subscriptions.forEach((one) => one.dispose());
  settings.clear();
});

test("a setting is the machine's, whatever a workspace says", () => {
  settings.set("modelport.server.command", { defaultValue: [], workspaceValue: ["./evil"] });
  expect(machineSetting("server.command")).toEqual([]);
  settings.set("modelport.server.command", { defaultValue: [], globalValue: ["mp"], workspaceValue: ["./evil"] });
  expect(machineSetting("server.command")).toEqual(["mp"]);
  expect(machineSetting("uv.path")).toBeUndefined();
});

test("the server is started again when the machine's setting changes", () => {
  change("modelport.server.command", { globalValue: ["mp"] });
  expect(restart).toHaveBeenCalledTimes(1);
  change("modelport.uv.path", { globalValue: "/opt/uv" });
  expect(restart).toHaveBeenCalledTimes(2);
});

test("it is not for a workspace's value, for other settings, or for the same value", () => {
  change("modelport.server.command", { workspaceValue: ["./evil"] });
  change("editor.fontSize", { globalValue: 12 });
  change("modelport.other", { globalValue: 12 });
  expect(restart).not.toHaveBeenCalled();
});

test("one that was to be installed is tried as it is set now", () => {
  state = { kind: "stopped", postponed: true };
  change("modelport.server.command", { globalValue: ["mp"] });
  expect(restart).toHaveBeenCalledTimes(1);
});

test("one that has not been started stays so", () => {
  state = { kind: "stopped" };
  change("modelport.server.command", { globalValue: ["mp"] });
  expect(restart).not.toHaveBeenCalled();
});
