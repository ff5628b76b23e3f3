/** How long to wait before a server that has ended is started again, and how long a start may take. */
export interface Backoff {
  /** The first pause; each further one is twice as long. */
  readonly firstMs: number;
  /** The longest pause. */
  readonly maxMs: number;
  /** After a run of this length the pauses begin at the first again. */
  readonly resetAfterMs: number;
  /** From the start of the process to its answer to `initialize`. */
  readonly startTimeoutMs: number;
}

/** That of an editor's server. */
export const RESTART_BACKOFF: Backoff = { firstMs: 1_000, maxMs: 60_000, resetAfterMs: 60_000, startTimeoutMs: 60_000 };
