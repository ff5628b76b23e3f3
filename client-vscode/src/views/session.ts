import type { BudgetStatus, Circuit, Connection, StatusChangedParams, UsageTotals } from "../protocol";

/** The part of the server's session that the status bar shows. */
export interface Session {
  readonly active: Connection | null;
  /** The usage since midnight; absent until it has been received. */
  readonly today?: UsageTotals;
  /** Why the active connection is not called now, and until when; absent: it is. */
  readonly rest?: Circuit;
  /** The budgets of the configuration file; absent until they have been received. */
  readonly budgets?: readonly BudgetStatus[];
  readonly status?: StatusChangedParams;
}
