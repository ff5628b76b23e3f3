import type { Connection, StatusChangedParams, UsageTotals } from "../protocol";

/** What is known of the server's session. */
export interface Session {
  readonly active: Connection | null;
  /** What was used since midnight; absent until it is known. */
  readonly today?: UsageTotals;
  readonly status?: StatusChangedParams;
}
