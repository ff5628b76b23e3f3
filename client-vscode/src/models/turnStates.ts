import { createHash } from "node:crypto";

import type { Turn } from "./messages";

type State = Record<string, unknown>;

/**
 * What providers want back with their own turns, such as signed reasoning.
 *
 * The editor sends a conversation as texts and calls and has no place for anything else, yet some providers refuse a
 * turn that comes back without its signature, or think worse. So it is kept here, found by what the turn said: by its
 * tool calls where there are any, because text around them may be rewritten, else by its text. The least recently used
 * goes first; a turn that is not known any more travels without, which is how every turn would otherwise.
 */
export class TurnStates {
  private readonly states = new Map<string, State>();

  constructor(private readonly most = 500) {}

  /** Keeps the state of a provider's turn. */
  remember(provider: string, turn: Turn, state: State | undefined): void {
    const key = keyOf(provider, turn);
    // The newest stands at the end. A later turn that says the same without a state must not get that of this one.
    this.states.delete(key);
    if (state === undefined) {
      return;
    }
    this.states.set(key, state);
    const [oldest] = this.states.keys();
    if (this.states.size > this.most && oldest !== undefined) {
      this.states.delete(oldest);
    }
  }

  /** The state of a turn that comes back, if this provider gave one. */
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
  // Ids alone would not do: some providers give none, and then they count from zero in every turn.
  const said = turn.toolCalls.length
    ? turn.toolCalls.map((call) => [ownId(call.id), call.name, call.arguments ?? {}])
    : turn.text.trim();
  return createHash("sha256").update(JSON.stringify([provider, said])).digest("base64");
}

/** The id without what the editor's agent appends to tell apart calls that share one. */
function ownId(id: string): string {
  return id.split("__vscode-", 1)[0] ?? id;
}
