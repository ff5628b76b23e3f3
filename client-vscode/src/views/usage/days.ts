/** Arithmetic of days, which are UTC and written `2026-11-20`. */

const DAY_MS = 86_400_000;

/** The number of days from one to the other, both included. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

/** The day that is `days` later, or earlier if that is negative. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
