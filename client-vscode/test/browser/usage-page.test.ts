/** The usage page in a real browser. */

import { mkdir } from "node:fs/promises";

import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { contrast, MIN_CONTRAST, parseColour } from "../../src/views/usage/chart/contrast";
import { budget } from "../support/rows";
import { Ledger, month } from "./ledger";
import { OpenedPage, pageFiles } from "./opened-page";
import { THEMES } from "./themes";

const { CHROMIUM, SCREENSHOTS } = process.env;

let browser: Browser | undefined;
let files: ReadonlyMap<string, string>;
let opened: OpenedPage;

beforeAll(async () => {
  if (CHROMIUM === undefined) {
    throw new Error("CHROMIUM must say where a Chromium is");
  }
  files = await pageFiles();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
});

afterAll(() => browser?.close());

afterEach(async () => {
  const violations = await opened.violations();
  await opened.close();
  expect(violations).toEqual([]);
  expect(opened.complaints).toEqual([]);
  const own = ["https://webview.test/", "https://webview.test/dist/usage.css", "https://webview.test/dist/usage.js"];
  expect([...new Set(opened.requested)].sort()).toEqual(own);
});

async function open(ledger: Ledger, theme?: string): Promise<Page> {
  if (browser === undefined) {
    throw new Error("beforeAll has launched no browser");
  }
  opened = await OpenedPage.open(browser, files, ledger, theme);
  return opened.page;
}

const bars = (page: Page) => page.locator(".bars .bar");
const focused = (page: Page) => page.evaluate<string>("document.activeElement?.getAttribute('aria-label') ?? ''");

/** Focuses the one bar that the tab key reaches. */
async function enter(page: Page): Promise<void> {
  await page.getByRole("radio", { name: "Tokens", exact: true }).focus();
  await page.keyboard.press("Tab");
}

test.each(Object.keys(THEMES))("a month of ten models: %s", async (theme) => {
  const page = await open(new Ledger(month()), theme);
  await expect.poll(() => bars(page).count()).toBeGreaterThan(200);
  // Eight models have their colour, two stand together.
  expect(await page.locator(".legend li").allInnerTexts()).toHaveLength(9);
  expect(await page.locator(".legend li").last().innerText()).toBe("2 other models");
  const hatched = await page.locator(".legend .hatch:visible").count();
  expect(hatched).toBe(theme.includes("high-contrast") ? 8 : 3);
  await enter(page);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowUp");
  if (SCREENSHOTS !== undefined) {
    await mkdir(SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: `${SCREENSHOTS}/${theme.split(" ").at(0)}.png`, fullPage: true });
  }
});

/** How each series of the legend and each bar is filled, and the background behind them. */
async function fills(page: Page): Promise<{ readonly series: readonly string[]; readonly background: string }> {
  const read = `(() => {
    const fillOf = (element) => getComputedStyle(element).fill;
    return {
      series: [...document.querySelectorAll(".legend .fill, .bars .fill")].map(fillOf),
      background: getComputedStyle(document.body).backgroundColor,
    };
  })()`;
  return page.evaluate(read);
}

function lowest({ series, background }: Awaited<ReturnType<typeof fills>>): number {
  const behind = parseColour(background);
  return Math.min(...series.map((fill) => contrast(parseColour(fill) ?? [0, 0, 0], behind ?? [0, 0, 0])));
}

test.each([...Object.keys(THEMES), "a theme without colours"])("every series can be told from the background: %s", async (theme) => {
  const page = await open(new Ledger(month()), theme);
  await expect.poll(() => bars(page).count()).toBeGreaterThan(200);
  const shown = await fills(page);
  expect(lowest(shown)).toBeGreaterThanOrEqual(MIN_CONTRAST);
  // Two repeat a colour under a pattern.
  expect(new Set(shown.series).size).toBeGreaterThanOrEqual(7);
});

test("the colours follow the theme", async () => {
  const page = await open(new Ledger(month()), "vscode-dark");
  await expect.poll(() => bars(page).count()).toBeGreaterThan(200);
  const dark = await fills(page);
  await opened.turn("vscode-high-contrast-light vscode-high-contrast");
  await expect.poll(async () => lowest(await fills(page))).toBeGreaterThanOrEqual(MIN_CONTRAST);
  const light = await fills(page);
  expect(light.background).not.toBe(dark.background);
  expect(light.series[0]).not.toBe(dark.series[0]);
});

test("arrow keys walk over every bar, and each says what it is", async () => {
  const page = await open(
    new Ledger([
      { ago: 5, model: "large", inputTokens: 1000 },
      { ago: 5, model: "small", inputTokens: 10 },
      { ago: 2, model: "large", inputTokens: 2000, outputTokens: 500 },
    ]),
  );
  await expect.poll(() => bars(page).count()).toBe(3);
  await enter(page);
  expect(await focused(page)).toMatch(/^\w+, \w+ \d+, \d{4}, acme\/large, Tokens: 2,500$/);
  expect(await page.locator(".tooltip").innerText()).toContain("2,500");
  await page.keyboard.press("ArrowRight");
  expect(await focused(page)).toContain("2,500");
  await page.keyboard.press("ArrowLeft");
  expect(await focused(page)).toMatch(/large, Tokens: 1,000$/);
  await page.keyboard.press("ArrowUp");
  expect(await focused(page)).toMatch(/small, Tokens: 10$/);
  expect(await page.locator(".tooltip .meant").innerText()).toContain("small");
  expect(await page.locator(".tooltip .total").innerText()).toContain("1,010");
  await page.keyboard.press("End");
  expect(await focused(page)).toContain("2,500");
  await page.keyboard.press("Home");
  expect(await focused(page)).toMatch(/large, Tokens: 1,000$|small, Tokens: 10$/);
  await page.keyboard.press("Escape");
  expect(await page.locator(".tooltip").isVisible()).toBe(false);
  // One bar only is a stop of the tab key.
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.tagName")).toBe("BUTTON");
  await page.keyboard.press("Shift+Tab");
  expect(await focused(page)).toContain("Tokens:");
});

test("what is said to a screen reader", async () => {
  const page = await open(new Ledger([{ ago: 1, model: "m", inputTokens: 7, usdMicros: 2_000_000 }, { ago: 1, model: "m" }])); // prettier-ignore
  await expect.poll(() => bars(page).count()).toBe(1);
  await expect.poll(() => page.getByRole("status").innerText()).toBe("Calls in this period: 2. Tokens: 7. Money: at least $2.00.");
  const chart = page.getByRole("application", { name: "Tokens by day and model" });
  expect(await chart.getByRole("img").getAttribute("aria-label")).toMatch(/m, Tokens: 7$/);
  expect(await page.locator("#chart-help").innerText()).toContain("arrow keys");
  expect(await page.getByRole("group", { name: "Time" }).getByRole("radio").count()).toBe(4);
  expect(await page.getByRole("group", { name: "Show" }).getByRole("radio").count()).toBe(5);
  expect(await page.getByRole("table").count()).toBe(4);
});

test("the table has the numbers of the chart", async () => {
  const page = await open(new Ledger(month()));
  const toggle = page.getByRole("button", { name: "Show numbers as a table" });
  await toggle.focus();
  await page.keyboard.press("Enter");
  const table = page.getByRole("table", { name: "Usage by period and model" });
  const numbers = async (column: number) => {
    const texts = await table.locator(`tbody td:nth-child(${column})`).allInnerTexts();
    return texts.map((text) => Number(text.replaceAll(",", ""))).reduce((sum, value) => sum + value, 0);
  };
  const total = (name: string) => page.locator(".totals > div", { hasText: name }).locator("dd").first().innerText();
  expect((await numbers(4)).toLocaleString("en")).toBe(await total("Input tokens"));
  expect((await numbers(5)).toLocaleString("en")).toBe(await total("Output tokens"));
  expect(await table.locator("tbody th[scope=row]").count()).toBe(await table.locator("tbody tr").count());
  expect(await table.locator("thead th[scope=col]").count()).toBe(8);
  // The button keeps the focus, and what is shown is remembered when the page comes back.
  expect(await page.evaluate("document.activeElement.getAttribute('aria-expanded')")).toBe("true");
  await page.reload();
  await expect.poll(() => table.isVisible()).toBe(true);
});

test("time and measure are picked by keyboard and remembered", async () => {
  const page = await open(new Ledger([{ ago: 60, model: "old", inputTokens: 5, usdMicros: 40_000 }, { ago: 1, model: "new", inputTokens: 3 }])); // prettier-ignore
  await expect.poll(() => bars(page).count()).toBe(1);
  await page.getByRole("radio", { name: "30 days" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => bars(page).count()).toBe(2);
  expect(await page.getByRole("status").innerText()).toContain("Calls in this period: 2");
  await page.getByRole("radio", { name: "Money" }).check();
  await expect.poll(() => bars(page).count()).toBe(1);
  expect(await bars(page).getAttribute("aria-label")).toMatch(/old, Money: \$0.04$/);
  expect(await page.locator(".mark text").allTextContents()).toContain("$0.04");
  await page.reload();
  await expect.poll(() => bars(page).count()).toBe(1);
  expect(await page.getByRole("radio", { name: "Money" }).isChecked()).toBe(true);
  expect(await page.getByRole("radio", { name: "90 days" }).isChecked()).toBe(true);
});

test("money of which nothing is known is not drawn as nothing", async () => {
  const page = await open(new Ledger([{ ago: 1, model: "m", inputTokens: 3 }]));
  await page.getByRole("radio", { name: "Money" }).check();
  await expect.poll(() => page.locator(".report .state").innerText()).toContain("No price is known for any of these calls");
  expect(await page.locator(".totals > div", { hasText: "Money" }).innerText()).toMatch(/unknown[^]*: 1$/);
  expect(await page.locator(".last-call").innerText()).toContain("Money: unknown");
});

test.each(Object.keys(THEMES))("budgets, credits and the sources of prices: %s", async (theme) => {
  const ledger = new Ledger([{ ago: 1, model: "m", inputTokens: 3, usdMicros: 40_000 }, { ago: 1, model: "l", usdMicros: 0 }, { ago: 1, model: "u" }]); // prettier-ignore
  const name = `<b>a rather long name of a budget</b>`;
  ledger.budgets = [
    budget({ fraction: 0.84, state: "warned", reservedUsdMicros: 30_000, resetsAt: "2026-11-22T00:00:00.000Z" }),
    budget({ name, fraction: 1.3, state: "exceeded" }),
    budget({ name: "inline" }),
  ];
  ledger.credit = { scope: "key", remainingUsdMicros: 3_200_000, totalUsdMicros: 10_000_000 };
  const page = await open(ledger, theme);
  await expect.poll(() => page.locator(".budget").count()).toBe(3);
  const texts = await page.locator(".budget").allInnerTexts();
  expect(texts[0]).toMatch(/daily: \$4\.21 of \$5\.00, 84%\s+nearly used up · \$0\.03 reserved for calls under way · begins anew on /);
  expect(texts[1]).toContain(`${name}: $4.21 of $5.00, 130%`);
  const widths = await page.evaluate(`[...document.querySelectorAll(".budget .spent")].map((bar) => bar.getAttribute("width"))`);
  expect(widths).toEqual(["84%", "100%", "50%"]);
  await expect.poll(() => page.locator(".credits").innerText()).toMatch(/Acme \(of the key\)\s+\$3\.20 left of \$10\.00/);
  const sources = await page.getByRole("table", { name: "By source of the price" }).locator("tbody tr").allInnerTexts();
  expect(sources.map((row) => row.split(/\t/))).toEqual([
    ["Price list", "1", "0", "$0.04"],
    ["Free of charge", "1", "0", "$0.00"],
    ["unknown", "1", "0", "unknown"],
  ]);
  await page.setViewportSize({ width: 360, height: 800 });
  await expect.poll(() => page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  if (SCREENSHOTS !== undefined) {
    await page.setViewportSize({ width: 1000, height: 900 });
    await page.screenshot({ path: `${SCREENSHOTS}/budgets-${theme.split(" ").at(0)}.png`, fullPage: true });
  }
});

test("budgets are shown before anything was used", async () => {
  const ledger = new Ledger();
  ledger.budgets = [budget({ fraction: 0, spentUsdMicros: 0 })];
  const page = await open(ledger);
  await expect.poll(() => page.locator(".budget").innerText()).toContain("daily: $0.00 of $5.00, 0%");
  expect(await page.locator(".empty").count()).toBe(1);
});

test("pointing at a day shows its models", async () => {
  const page = await open(new Ledger([{ ago: 0, model: "a", inputTokens: 1000 }, { ago: 0, model: "b", inputTokens: 500 }])); // prettier-ignore
  await expect.poll(() => bars(page).count()).toBe(2);
  await bars(page).first().hover();
  expect(await page.locator(".tooltip").innerText()).toMatch(/b\s+500\s+acme\/a\s+1,000\s+Total\s+1,500/);
  expect(await page.locator(".tooltip .meant").innerText()).toContain("a");
  await page.mouse.move(5, 5);
  await expect.poll(() => page.locator(".tooltip").isVisible()).toBe(false);
});

test("calls that come in are drawn, the focus stays and screen readers are not interrupted", async () => {
  const ledger = new Ledger([{ ago: 3, model: "m", inputTokens: 5 }, { ago: 0, model: "m", inputTokens: 9 }]); // prettier-ignore
  const page = await open(ledger);
  await expect.poll(() => bars(page).count()).toBe(2);
  await enter(page);
  await page.keyboard.press("ArrowLeft");
  const said = await page.getByRole("status").innerText();
  ledger.calls.push({ ago: 0, model: "n", inputTokens: 7 });
  opened.tell();
  await expect.poll(() => bars(page).count()).toBe(3);
  expect(await focused(page)).toMatch(/m, Tokens: 5$/);
  expect(await page.getByRole("status").innerText()).toBe(said);
});

test("nothing used yet, nothing in this time, and a server that is not there", async () => {
  const ledger = new Ledger();
  const page = await open(ledger);
  await expect.poll(() => page.locator(".empty").innerText()).toContain("No usage yet");
  ledger.calls.push({ ago: 50, model: "m", inputTokens: 1 });
  await page.getByRole("radio", { name: "7 days" }).check();
  await expect.poll(() => page.locator(".empty").innerText()).toContain("No usage in this period");
  ledger.failure = "The Modelport server could not be started: no Python";
  await page.getByRole("radio", { name: "All", exact: true }).check();
  await expect.poll(() => page.getByRole("alert").innerText()).toContain("no Python");
  await page.getByRole("button", { name: "Show Log" }).click();
  await expect.poll(() => opened.logsShown).toBe(1);
  ledger.failure = undefined;
  await page.getByRole("button", { name: "Try Again" }).press("Enter");
  await expect.poll(() => bars(page).count()).toBe(1);
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("names are texts, whatever they hold", async () => {
  const model = `<img src=https://elsewhere.test/x onerror=alert(1)><b>"'&`;
  const page = await open(new Ledger([{ ago: 0, model, client: `<script>alert(1)</script>`, inputTokens: 3 }]));
  await expect.poll(() => bars(page).count()).toBe(1);
  await bars(page).first().hover();
  expect(await page.locator(".tooltip").innerText()).toContain(model);
  expect(await page.locator("main img, main b, main script").count()).toBe(0);
  expect(await page.locator(".legend").innerText()).toContain(model);
});

test("a message that the extension would not send changes nothing", async () => {
  const page = await open(new Ledger([{ ago: 0, model: "m", inputTokens: 3 }]));
  await expect.poll(() => bars(page).count()).toBe(1);
  await page.evaluate(`window.postMessage({ kind: "report", report: { range: 7 } }, "*")`);
  await page.evaluate(`window.postMessage({ kind: "failed", message: { toString: 1 } }, "*")`);
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  expect(await bars(page).count()).toBe(1);
});

test("the chart follows the width of the page, and nothing sticks out", async () => {
  const page = await open(new Ledger(month()));
  await expect.poll(() => bars(page).count()).toBeGreaterThan(200);
  for (const width of [1400, 700, 360]) {
    await page.setViewportSize({ width, height: 800 });
    await expect.poll(() => page.locator(".chart > svg").getAttribute("width")).toBe(String(Math.min(width - 48, 1100)));
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  }
  if (SCREENSHOTS !== undefined) {
    await page.screenshot({ path: `${SCREENSHOTS}/narrow.png` });
  }
});

test("with forced colours series differ by pattern, and with reduced motion nothing moves", async () => {
  const page = await open(new Ledger(month()), "vscode-light");
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await expect.poll(() => page.locator(".legend .hatch:visible").count()).toBe(9);
  const transition = "getComputedStyle(document.querySelector('.bar')).transitionDuration";
  expect(await page.evaluate<string>(transition)).toBe("0s");
  if (SCREENSHOTS !== undefined) {
    await page.screenshot({ path: `${SCREENSHOTS}/forced-colors.png` });
  }
});

test("years of calls are drawn by week or month", async () => {
  const calls = Array.from({ length: 700 }, (_, ago) => ({ ago: 699 - ago, model: `m${ago % 3}`, inputTokens: 10 }));
  const page = await open(new Ledger(calls));
  await page.getByRole("radio", { name: "All", exact: true }).check();
  await expect.poll(() => bars(page).first().getAttribute("aria-label")).toContain("Week of Monday");
  expect(await bars(page).count()).toBeLessThanOrEqual(101 * 3);
  if (SCREENSHOTS !== undefined) {
    await page.screenshot({ path: `${SCREENSHOTS}/years.png` });
  }
});
