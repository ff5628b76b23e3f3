import type { Remedy } from "./launch";

/** What the server is doing, for the status bar and for whoever waits for it. */
export type ServerState =
  | {
      readonly kind: "stopped";
      /** It was looked for, has to be installed first, and nobody has asked for that yet. */
      readonly postponed?: true;
    }
  | { readonly kind: "starting" }
  | { readonly kind: "running" }
  | { readonly kind: "waiting"; readonly untilMs: number }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly remedy?: Remedy;
      /** Nothing that the user did needed the server: they need not be told. */
      readonly unasked?: true;
    };
