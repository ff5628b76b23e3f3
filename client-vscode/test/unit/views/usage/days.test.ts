import { expect, test } from "vitest";

import { daysBetween, plusDays } from "../../../../src/views/usage/days";

test("days are counted with both ends, over leap days and changes of the clock", () => {
  expect(daysBetween("2026-11-20", "2026-11-20")).toBe(1);
  expect(daysBetween("2024-02-28", "2024-03-01")).toBe(3);
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(3);
  expect(plusDays("2026-03-30", -2)).toBe("2026-03-28");
});
