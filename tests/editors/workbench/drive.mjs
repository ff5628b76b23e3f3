// Drives a workbench in Chromium for workbench.py: one JSON object per line in, one per line out, each answered under
// its id. Playwright waits for each element, so that no step here sleeps.

import readline from "node:readline";
import { chromium } from "playwright-core";

const [executablePath] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
// One context for all windows, as one person has it: what the editor keeps in the browser is there in each.
const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
/** The addresses of the pages that were opened, in any window, oldest first. */
const opened = [];
context.on("request", (request) => request.isNavigationRequest() && opened.push(request.url()));
// Pages of elsewhere, which exist for no one (RFC 2606).
await context.route(/^https:\/\/[^/]*\.example\//, (route) => route.fulfill({ contentType: "text/plain", body: "Elsewhere." }));
/** @type {Map<string, {page: import("playwright-core").Page, errors: string[]}>} */
const windows = new Map();

/** The frames of webviews hold a frame of their own with what the extension has written. */
function places(page, { frame }) {
  return frame ? page.frames().filter((one) => one.name() === "pending-frame" || one.name() === "active-frame" || /fake\.html/.test(one.url())) : [page];
}

function within(place, { css, text, nth }) {
  let found = place.locator(css);
  if (text !== undefined) {
    found = found.filter({ hasText: text });
  }
  return nth === undefined ? found : found.nth(nth);
}

/** The locator that finds something; for webviews, once one of their frames has it. */
async function locate(page, where, timeout) {
  const until = Date.now() + timeout;
  for (;;) {
    for (const place of places(page, where)) {
      const locator = within(place, where);
      if (!where.frame || (await locator.count().catch(() => 0)) > 0) {
        return where.nth === undefined ? locator.first() : locator;
      }
    }
    if (Date.now() > until) {
      throw new Error(`no webview shows ${JSON.stringify(where)}`);
    }
    await page.waitForTimeout(50);
  }
}

const steps = {
  async open({ window, url, width, height, timeout }) {
    const page = await context.newPage();
    await page.setViewportSize({ width, height });
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    windows.set(window, { page, errors });
    await page.goto(url, { timeout });
    await page.waitForSelector(".monaco-workbench", { timeout });
  },
  async close({ window }) {
    await windows.get(window).page.close();
    windows.delete(window);
    // Chromium draws nothing in a window that stays behind.
    await [...windows.values()].at(-1)?.page.bringToFront();
  },
  async press(page, { keys }) {
    for (const key of keys) {
      await page.keyboard.press(key);
    }
  },
  async type(page, { text }) {
    await page.keyboard.type(text);
  },
  async fill(page, { where, text, then, timeout }) {
    const field = await locate(page, where, timeout);
    await field.fill(text, { timeout });
    if (then) {
      await field.press(then, { timeout });
    }
  },
  async click(page, { where, button, timeout }) {
    await (await locate(page, where, timeout)).click({ button, timeout });
  },
  async hover(page, { where, timeout }) {
    await (await locate(page, where, timeout)).hover({ timeout });
  },
  async wait(page, { where, state, timeout }) {
    await (await locate(page, where, timeout)).waitFor({ state, timeout });
  },
  async texts(page, { where }) {
    const all = await Promise.all(places(page, where).map((place) => within(place, where).allInnerTexts().catch(() => [])));
    return all.flat();
  },
  async attributes(page, { where, name }) {
    const all = await Promise.all(
      places(page, where).map(async (place) => {
        const found = await within(place, where).all();
        return Promise.all(found.map((one) => one.getAttribute(name)));
      }),
    );
    return all.flat();
  },
  async styles(page, { where, name }) {
    const read = (elements, property) => elements.map((one) => getComputedStyle(one).getPropertyValue(property));
    const all = await Promise.all(places(page, where).map((place) => within(place, where).evaluateAll(read, name).catch(() => [])));
    return all.flat();
  },
  async screenshot(page, { path, where, timeout }) {
    const target = where ? await locate(page, where, timeout) : page;
    await target.screenshot({ path, animations: "disabled" });
  },
  async opened() {
    return opened;
  },
  async errors(page, _, { errors }) {
    return errors;
  },
};

async function perform({ id, step, ...params }) {
  try {
    const used = windows.get(params.window);
    const result =
      step === "open" || step === "close" ? await steps[step](params) : await steps[step](used.page, params, used);
    return { id, result: result ?? null };
  } catch (error) {
    return { id, error: String(error?.message ?? error) };
  }
}

process.stdout.write(`${JSON.stringify({ id: 0, result: browser.version() })}\n`);
for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await perform(JSON.parse(line)))}\n`);
}
await browser.close();
