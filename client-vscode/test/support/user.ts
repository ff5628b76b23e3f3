import { vi } from "vitest";

import { InputBox, type Message, QuickPick, type Question, window } from "./window";

/** What a function returns once it throws no more. */
export function until<T>(ready: () => T): Promise<T> {
  return vi.waitFor(ready, { interval: 5, timeout: 2_000 });
}

/** The list that is open and filled. */
export async function openList(title: string): Promise<QuickPick> {
  return until(() => {
    const input = window.inputs.findLast((one) => one.shown);
    if (!(input instanceof QuickPick) || input.title !== title || input.busy) {
      throw new Error(`The list ${title} is not open: ${describe()}`);
    }
    return input;
  });
}

/** The list that is open, filled or not. */
export async function fillingList(title: string): Promise<QuickPick> {
  return until(() => {
    const input = window.inputs.findLast((one) => one.shown);
    if (!(input instanceof QuickPick) || input.title !== title) {
      throw new Error(`The list ${title} is not open: ${describe()}`);
    }
    return input;
  });
}

/** The password box that is open. */
export async function keyBox(): Promise<InputBox> {
  return until(() => {
    const input = window.inputs.findLast((one) => one.shown);
    if (!(input instanceof InputBox)) {
      throw new Error(`No box is open: ${describe()}`);
    }
    return input;
  });
}

/** The question for a text that is open; the next one that was not taken yet. */
export async function question(): Promise<Question> {
  return until(() => {
    const asked = window.questions.shift();
    if (asked === undefined) {
      throw new Error(`No question is open: ${describe()}`);
    }
    return asked;
  });
}

/** A message that has been shown, by a part of its text. */
export async function message(part: string): Promise<Message> {
  return until(() => {
    const found = window.messages.findLast((one) => one.text.includes(part));
    if (found === undefined) {
      throw new Error(`No message says ${part}: ${describe()}`);
    }
    return found;
  });
}

function describe(): string {
  const inputs = window.inputs.filter((one) => one.shown).map((one) => one.title);
  return JSON.stringify({ inputs, messages: window.messages.map((one) => one.text) });
}
