/**
 * The kit as a student meets it: from `make up` to a painted flame graph, and
 * exercises 07.1 and 07.2 solved by clicks on the page.
 */
import assert from "node:assert/strict";
import { after } from "node:test";
import { clickFrame, closeBrowser, coresShown, frame, frames, story, until, zoomedTo } from "./browser.js";
import { startKit } from "./kit.js";

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

/** Waits for the verdict while the last profiles are on their way. */
async function verdict(fake, ex) {
  const end = Date.now() + 15000;
  for (;;) {
    const { text } = await fake.flamekit("check", ex);
    if (!text.includes("MORE DATA") || Date.now() > end) return text;
    await new Promise((go) => setTimeout(go, 500));
  }
}

story("07.1 and 07.2 through the page", { start: startKit }, async ({ page, fake, open }) => {
  await fake.flamekit("load", "--for", "75s", "--speed", "3");
  await verdict(fake, "07.1");
  await open();
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
  await fake.flamekit("answer", "07.1", "app=workshop.demo.app", `cores=${cores}`, "hundred=b");
  await fake.flamekit("answer", "07.2", "top_self=is_prime_slow", `share=${share.toFixed(0)}`, "hot-callers=c");
  for (const ex of ["07.1", "07.2"]) assert.match(await verdict(fake, ex), /^PASS/m);
});
