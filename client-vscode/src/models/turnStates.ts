import { createHash } from "node:crypto";

import type { Turn } from "./messages";

type State = Record<string, unknown>;

/**
 * A cache of the state that providers need back with their own turns, such as signed reasoning.
 *
 * The editor sends a conversation as texts and calls and has no place for anything else, yet some providers refuse a
 * turn without its signature, or reason worse. The key is the turn's tool calls, if it has any, because the text around
 * them may be rewritten, else its text. The least recently used entry is dropped first; its turn is then sent without a
 * state.
 */
export class TurnStates {
  private readonly states = new Map<string, State>();

  constructor(private readonly capacity = 500) {}

  /** Stores the state of a provider's turn. */
  remember(provider: string, turn: Turn, state: State | undefined): void {
    const key = keyOf(provider, turn);
    // The newest entry is the last. Also deleted when there is no state: a later, equal turn must not get an old one.
    this.states.delete(key);
    if (state === undefined) {
      return;
    }
    this.states.set(key, state);
    const [oldest] = this.states.keys();
    if (this.states.size > this.capacity && oldest !== undefined) {
      this.states.delete(oldest);
    }
  }

  /** The state that this provider gave with a turn; undefined when there is none. */
  recall(provider: string, turn: Turn): State | undefined {
    const key = keyOf(provider, turn);
    const state = this.states.get(key);
    if (state !== undefined) {
      this.states.delete(key);
      this.states.set(key, state);
    }
    return state;
  }
}

function keyOf(provider: string, turn: Turn): string {
  // Ids alone do not identify a call: for providers without ids they count from zero in every turn.
  const said = turn.toolCalls.length
    ? turn.toolCalls.map((call) => [ownId(call.id), call.name, call.arguments ?? {}])
    : turn.text.trim();
  return createHash("sha256").update(JSON.stringify([provider, said])).digest("base64");
}

/** The id without the suffix that the editor's agent adds to calls with equal ids. */
function ownId(id: string): string {
  return id.split("__vscode-", 1)[0] ?? id;
}
