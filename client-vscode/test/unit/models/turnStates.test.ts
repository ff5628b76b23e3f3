import { describe, expect, it } from "vitest";

import type { Turn } from "../../../src/models/messages";
import { TurnStates } from "../../../src/models/turnStates";

const said = (text: string): Turn => ({ text, toolCalls: [] });
const called = (id: string, path: string): Turn => ({
  text: "Let me see.",
  toolCalls: [{ id, name: "read", arguments: { path } }],
});

describe("the state that providers need back with a turn", () => {
  it("is found by the text, whatever stands around it", () => {
    const states = new TurnStates();
    states.remember("acme", said("Hello\n"), { s: 1 });
    expect(states.recall("acme", said("Hello"))).toEqual({ s: 1 });
    expect(states.recall("acme", said("Hallo"))).toBeUndefined();
  });

  it("is found by the calls, whatever the text, with the number the editor's agent adds to an id", () => {
    const states = new TurnStates();
    states.remember("acme", called("c1", "a"), { s: 1 });
    expect(states.recall("acme", { ...called("c1__vscode-17", "a"), text: "" })).toEqual({ s: 1 });
  });

  it("differs where ids repeat", () => {
    const states = new TurnStates();
    states.remember("acme", called("call_0", "a"), { s: 1 });
    states.remember("acme", called("call_0", "b"), { s: 2 });
    expect(states.recall("acme", called("call_0", "a"))).toEqual({ s: 1 });
    expect(states.recall("acme", called("call_0", "b"))).toEqual({ s: 2 });
  });

  it("belongs to its provider", () => {
    const states = new TurnStates();
    states.remember("acme", said("Hi"), { s: 1 });
    expect(states.recall("other", said("Hi"))).toBeUndefined();
  });

  it("is replaced, also by nothing, when the same is said again", () => {
    const states = new TurnStates();
    states.remember("acme", said("Hi"), { s: 1 });
    states.remember("acme", said("Hi"), { s: 2 });
    expect(states.recall("acme", said("Hi"))).toEqual({ s: 2 });
    states.remember("acme", said("Hi"), undefined);
    expect(states.recall("acme", said("Hi"))).toBeUndefined();
  });

  it("is kept for so many turns, and longest for those in use", () => {
    const states = new TurnStates(2);
    states.remember("acme", said("1"), { s: 1 });
    states.remember("acme", said("2"), { s: 2 });
    states.recall("acme", said("1"));
    states.remember("acme", said("3"), { s: 3 });
    expect(["1", "2", "3"].map((text) => states.recall("acme", said(text)))).toEqual([{ s: 1 }, undefined, { s: 3 }]);
  });
});
