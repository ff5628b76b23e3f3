import type { Remedy } from "./launch";

/** What the server is doing, for the status bar and for whoever waits for it. */
export type ServerState =
  | { readonly kind: "stopped" }
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
