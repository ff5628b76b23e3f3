/** Arithmetic of days, which are UTC and written `2026-11-20`. */

const DAY_MS = 86_400_000;

/** How many days there are from one to the other, both included. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
}

/** The day so many days later, or earlier where the number is negative. */
export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
