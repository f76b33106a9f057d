/**
 * A page in Chromium, watched: every test ends by proving that no policy was
 * violated, nothing outside was asked for, and no error was thrown.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { startFake } from "./fake_server.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];
export const PATIENCE_MS = 15000;

async function findTools() {
  try {
    const { chromium } = await import("playwright-core");
    if (!existsSync(CHROMIUM)) return { missing: `${CHROMIUM} is not installed` };
    return { chromium };
  } catch {
    return { missing: "playwright-core is not installed (sh tests/ui/install.sh)" };
  }
}

const tools = await findTools();
let browser = null;

export async function launch() {
  browser ??= await tools.chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = null;
}

/** Collects what must not happen. */
function watch(page, origin, expected) {
  const wrong = [];
  page.on("pageerror", (e) => wrong.push(`error: ${e.stack}`));
  page.on("console", (m) => {
    const text = m.text();
    if (["error", "warning"].includes(m.type()) && !expected.some((e) => text.includes(e))) wrong.push(`console: ${text}`);
  });
  page.on("request", (r) => {
    if (!r.url().startsWith(origin) && !/^(?:data|blob):/.test(r.url())) wrong.push(`outside request: ${r.url()}`);
  });
  return wrong;
}

const violations = () => {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
};

/** Whoever was here before has closed the labels of the first visit. */
export const beenHere = (page) => page.addInitScript(() => localStorage.setItem("flamekit.anatomy", "seen"));

/**
 * A browser story. `expected` are console messages that belong to it, such as
 * those of a server that is away. `firstVisit` is one of a browser that has
 * not been here.
 * @param {string} name
 * @param {{world?: object, page?: object, expected?: string[], firstVisit?: boolean, start?: Function}} options
 * @param {(at: {page: any, fake: any, open: (path?: string) => Promise<void>}) => Promise<void>} tell
 */
export function story(name, options, tell) {
  test(name, async (t) => {
    if (tools.missing) {
      if (process.env.CI) assert.fail(tools.missing);
      return t.skip(tools.missing);
    }
    const fake = await (options.start ?? startFake)(options.world);
    if (fake.missing) {
      if (process.env.CI) assert.fail(fake.missing);
      return t.skip(fake.missing);
    }
    const context = await (await launch()).newContext({ viewport: { width: 1280, height: 860 }, timezoneId: "UTC", ...options.page });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const wrong = watch(page, fake.url, options.expected ?? []);
    await page.addInitScript(violations);
    if (!options.firstVisit) await beenHere(page);
    try {
      await tell({ page, fake, open: async (path = "/") => {
        await page.goto(fake.url + path);
      } });
      assert.deepEqual(await page.evaluate(() => window.violations), [], "no policy was violated");
      assert.deepEqual(wrong, []);
    } finally {
      await context.close();
      await fake.close();
    }
    return undefined;
  });
}

/** Waits for the picture, and returns its frames. */
export async function frames(page) {
  await page.locator("canvas.fg-picture[data-ready]").waitFor({ state: "attached" });
  return page.locator("fk-flamegraph").evaluate((el) => el.visibleFrames());
}

/** A frame of that name; fails with the names there are. */
export async function frame(page, name) {
  const all = await frames(page);
  const found = all.filter((f) => f.name === name).sort((a, b) => b.width - a.width)[0];
  assert.ok(found, `no frame ${name} among ${all.map((f) => f.name).join(", ")}`);
  return found;
}

/** Where a frame is once the picture has stood still. */
async function still(page, name) {
  for (;;) {
    const [before, after] = [await frame(page, name), await frame(page, name)];
    if (before.x === after.x && before.y === after.y && before.width === after.width) return after;
  }
}

/** Clicks the middle of a frame. */
export async function clickFrame(page, name, options = {}) {
  const f = await still(page, name);
  await page.locator("canvas.fg-overlay").click({ position: { x: f.x + f.width / 2, y: f.y + f.height / 2 }, ...options });
}

/** Polls until `check` is true; for what has no element to wait for. `left` says what is missing when it never is. */
export async function until(check, what, { ms = PATIENCE_MS, left = () => "" } = {}) {
  const end = Date.now() + ms;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) assert.fail(`timed out waiting until ${what} ${await left()}`);
    await new Promise((go) => setTimeout(go, 40));
  }
}

/**
 * The cores in a heading such as "412 samples = 4.12 s CPU in 27 s · 0.1 cores";
 * until the timeline has come it speaks of all the minutes that were asked for,
 * and before the picture of a selection has come of the time since the first data.
 */
export async function coresShown(page) {
  return until(async () => {
    const text = await page.locator("fk-facts").textContent();
    return / in [0-9]+ s(?! since).*?([0-9.]+) cores/s.exec(text)?.[1];
  }, "the cores of some seconds are shown");
}

/** Waits until the zoomed path ends with a name. */
export async function zoomedTo(page, name) {
  await page.locator("fk-crumbs [aria-current]", { hasText: name }).waitFor();
}
