/**
 * The kit as a student meets it: from `make up` to a painted flame graph, and
 * exercises 07.1 and 07.2 solved through the page alone.
 */
import assert from "node:assert/strict";
import { after } from "node:test";
import { clickFrame, closeBrowser, coresShown, frame, frames, story, until, zoomedTo } from "./browser.js";
import { startKit } from "./kit.js";
import { answer, ASKED_AGAIN, choose, openExercise, passed } from "./student.js";

after(closeBrowser);

const FIRST_PICTURE_MS = 20000;
let started = 0;

async function startTimed() {
  started = Date.now();
  return startKit();
}

story("make up, load, and within 20 s the graph shows the hot function", { start: startTimed }, async ({ page, fake, open }) => {
  fake.load("--for", "30s");
  await open();
  await until(async () => (await frames(page)).some((f) => f.name === "compute_primes_slow"), "the page paints compute_primes_slow");
  const took = Date.now() - started;
  assert.ok(took <= FIRST_PICTURE_MS, `took ${took} ms`);
});

/** Views that the server knows of. */
async function viewed(fake) {
  const list = await (await fetch(`${fake.url}/api/kit/activity`)).json();
  return list.map((a) => a.view);
}

story("07.1 and 07.2 through the page", { start: startKit, expected: ASKED_AGAIN }, async ({ page, fake, open }) => {
  await fake.flamekit("load", "--for", "75s", "--speed", "3");
  await openExercise({ page, open }, "07.1", "/", "40");
  await page.locator("g[data-phase=mixed] .head").click();
  await until(async () => (await viewed(fake)).includes("range"), "the band is selected");
  const cores = await coresShown(page);
  await page.locator("input.add-filter").fill("endpoint=");
  await page.locator(".options li", { hasText: "/api/hash" }).first().click();
  await until(async () => !(await frames(page)).some((f) => f.name === "is_prime_slow"), "the filter filters");
  await until(async () => (await viewed(fake)).includes("filter"), "the server knows of the filter");
  await page.goBack();
  await until(async () => (await frames(page)).some((f) => f.name === "is_prime_slow"), "back undoes the filter");
  await clickFrame(page, "compute_primes_slow");
  await zoomedTo(page, "compute_primes_slow");
  await until(async () => (await viewed(fake)).includes("zoom"), "the server knows of the zoom");
  await page.keyboard.press("0");

  const all = (await frames(page))[0].total;
  const share = (await frame(page, "compute_primes_slow")).total * 100 / all;
  await answer(page, "Which service does the page show?", await page.locator("button.service").textContent());
  await answer(page, "How many cores does the service use", cores);
  await choose(page, "All CPU samples of the range");
  await passed(page);
  await openExercise({ page, open }, "07.2", "/?view=table&by=-self", "compute_primes_slow");
  const first = page.locator("fk-table .table-row").first();
  await answer(page, "Which function has the largest SELF time?", await first.getAttribute("data-name"));
  await answer(page, "Which share of all CPU samples", share.toFixed(0));
  await choose(page, "costs many times what the others cost");
  await passed(page);
});
