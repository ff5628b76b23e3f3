import type { Connection, StatusChangedParams, UsageTotals } from "../protocol";

/** The part of the server's session that the status bar shows. */
export interface Session {
  readonly active: Connection | null;
  /** The usage since midnight; absent until it has been received. */
  readonly today?: UsageTotals;
  readonly status?: StatusChangedParams;
}
