/**
 * An hour of live refresh with a compressed clock: what the page holds in
 * memory does not grow. FK_SOAK_BEATS=720 looks every 5 s of the hour, as the
 * page itself does; without it every 90 s.
 */
import assert from "node:assert/strict";
import { after } from "node:test";
import { closeBrowser, frames, story, until } from "./browser.js";

after(closeBrowser);

const HOUR_MS = 3600e3;
const BEATS = Number(process.env.FK_SOAK_BEATS ?? 40);
const WARM = 8;
const LOOK_MS = 150;
const LOOKS = 4;
const GROWTH_MB = 5;

/** What there is after a collection. */
async function counted(cdp) {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name) => metrics.find((m) => m.name === name).value;
  return { nodes: of("Nodes"), listeners: of("JSEventListeners"), heapMb: of("JSHeapUsedSize") / 2 ** 20 };
}

/**
 * What is held: the least of some counts. A part that is drawn between a
 * collection and its count leaves some hundred old elements in that one.
 */
async function held(page, cdp) {
  const counts = [];
  for (let i = 0; i < LOOKS; i++) {
    await page.evaluate(() => new Promise(requestAnimationFrame));
    counts.push(await counted(cdp));
  }
  return Object.fromEntries(Object.keys(counts[0]).map((key) => [key, Math.min(...counts.map((c) => c[key]))]));
}

story("an hour of live refresh: elements, listeners and heap stay flat", {}, async ({ page, fake, open }) => {
  await page.clock.install();
  await open("/?live=5");
  await frames(page);
  await page.locator("fk-table .table-row").first().waitFor();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const refreshed = () => fake.world.requests.filter((r) => r.path.endsWith("/SelectSeries")).length;
  const elements = () => page.evaluate(() => document.getElementsByTagName("*").length);
  // The page sets its timer when all answers are there, so one push may come too early.
  const refresh = async (step) => {
    const seen = refreshed();
    await until(async () => {
      fake.world.ahead += step;
      await page.clock.fastForward(step);
      for (const end = Date.now() + LOOK_MS; refreshed() === seen && Date.now() < end;) await new Promise((go) => setTimeout(go, 5));
      return refreshed() > seen;
    }, "the page looks again");
  };
  const step = HOUR_MS / BEATS;
  let before = null;
  for (let beat = 0; beat < BEATS + WARM; beat++) {
    await refresh(step);
    fake.world.requests.splice(0, fake.world.requests.length - 200);
    if (beat === WARM) before = { ...await held(page, cdp), elements: await elements() };
  }
  const now = { ...await held(page, cdp), elements: await elements() };
  const words = JSON.stringify({ before, now });
  assert.ok(now.elements <= before.elements + 20, words);
  assert.ok(now.nodes <= before.nodes * 1.1 + 50, words);
  assert.ok(now.listeners <= before.listeners * 1.1 + 20, words);
  assert.ok(now.heapMb - before.heapMb <= GROWTH_MB, words);
  assert.ok((await page.locator(".table-row").count()) <= 60);
  if (process.env.FK_SOAK_BEATS) process.stdout.write(`# ${words}\n`);
});
