import type { Remedy } from "./launch";

/** What the server is doing. */
export type ServerState =
  | {
      readonly kind: "stopped";
      /** It has to be installed first, and the user has done nothing yet that needs it. */
      readonly postponed?: true;
    }
  | { readonly kind: "starting" }
  | { readonly kind: "running" }
  | { readonly kind: "waiting"; readonly untilMs: number }
  | {
      readonly kind: "failed";
      readonly message: string;
      readonly remedy?: Remedy;
      /** It was not started for anything that the user did, so the failure is not shown as a message. */
      readonly background?: true;
    };
