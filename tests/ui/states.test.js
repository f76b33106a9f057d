/** Odd states: empty, away, failing, hostile, huge, small windows. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { clickFrame, closeBrowser, frames, launch, story, until, zoomedTo } from "./browser.js";
import { CPU, randomGraph, SAMPLES, startFake, WALL } from "./fake_server.js";
import { HOSTILE } from "./world.js";

after(closeBrowser);

const AWAY = ["Failed to load resource"];
const QUERY = encodeURIComponent(`${CPU}{service_name="workshop.demo.app"}`);
const state = (page, name) => page.locator(`fk-empty[data-state=${name}]`).waitFor();
const text = (page, selector) => page.locator(selector).first().textContent();

story("no data ever: three ways to send some, and it flips by itself", { world: { services: {} } }, async ({ page, fake, open }) => {
  await open();
  await state(page, "never");
  const words = await text(page, "fk-empty");
  for (const way of ["make up", "LD_PRELOAD", "curl --data-binary"]) assert.ok(words.includes(way), way);
  assert.ok(words.includes(fake.url), "the commands name this server");
  fake.world.services = { "workshop.demo.app": [CPU, SAMPLES] };
  await frames(page);
});

story("a known service with nothing in range: when, and a way there", { world: { dataUntil: Date.now() - 20 * 60e3 } }, async ({ page, open }) => {
  await open();
  await state(page, "none-in-range");
  const words = await text(page, "fk-empty");
  assert.match(words, /last sent data at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, \d+ min( \d+ s)? ago/);
  assert.match(words, /one sample stands for 10 ms of CPU/);
  assert.match(words, /2,\d{3} requests|\d,\d{3} requests/);
  await page.locator("fk-empty button.primary").click();
  await frames(page);
});

story("a filter that matches nothing is named", {}, async ({ page, open }) => {
  await open(`/?query=${encodeURIComponent(`${CPU}{service_name="workshop.demo.app",endpoint="/nope"}`)}`);
  await state(page, "filtered");
  assert.match(await text(page, "fk-empty"), /endpoint="\/nope"[\s\S]*\/api\/primes_slow/);
  await page.locator("fk-empty button.primary").click();
  await frames(page);
});

story("an unknown service, a type it does not send, a query nobody can read", {}, async ({ page, open }) => {
  await open(`/?query=${encodeURIComponent(`${CPU}{service_name="gone"}`)}`);
  await state(page, "unknown-service");
  await page.locator("fk-empty button", { hasText: "workshop.demo.app" }).click();
  await frames(page);
  await open(`/?query=${encodeURIComponent('memory:alloc_space:bytes::{service_name="workshop.demo.app"}')}`);
  await state(page, "no-such-type");
  await open(`/?query=${encodeURIComponent('cpu{service_name="x" y}')}`);
  await state(page, "bad-query");
  assert.match(await text(page, "fk-empty pre.caret"), /\n {21}\^/);
});

story("too few samples are said to be few, with the sum", { world: { perSecond: 0.004 } }, async ({ page, open }) => {
  await open();
  await frames(page);
  const few = page.locator("[data-fact=few]");
  await few.waitFor();
  assert.match(await few.textContent(), /Too few samples to trust\. One sample stands for [\d.]+ ms; at this pace 300 samples need .* more/);
});

story("the server goes away and comes back", { expected: AWAY }, async ({ page, fake, open }) => {
  await open(`/?query=${QUERY}&live=1`);
  const before = await frames(page);
  fake.world.away = true;
  await page.locator("[data-state=away]").waitFor();
  assert.match(await text(page, ".banner.away"), /stopped answering at \d\d:\d\d:\d\d\. The picture is \d+ s old|Next try/);
  assert.equal((await frames(page)).length, before.length, "the last picture stays");
  await page.locator(".panel[data-old]").waitFor();
  fake.world.away = false;
  await page.locator(".banner.away").waitFor({ state: "detached" });
  await page.locator(".panel:not([data-old])").waitFor();
});

story("away from the start: words, then the picture", { world: { away: true }, expected: AWAY }, async ({ page, fake, open }) => {
  await open(`/?query=${QUERY}`);
  await state(page, "away");
  fake.world.away = false;
  await frames(page);
});

story("an error of the server is repeated in its own words", { expected: AWAY }, async ({ page, fake, open }) => {
  await open(`/?query=${QUERY}&live=1`);
  await frames(page);
  fake.world.fail = (path) => path === "/pyroscope/render" && { status: 500, message: "the store is out of breath" };
  await page.locator("[data-state=error]", { hasText: "the store is out of breath" }).waitFor();
  fake.world.fail = null;
  await page.locator("[data-state=error]").waitFor({ state: "detached" });
});

story("another run on the port is said", {}, async ({ page, fake, open }) => {
  await open(`/?query=${QUERY}&live=1`);
  await page.locator("header .run", { hasText: "r-7f3a91c2" }).waitFor();
  fake.world.run = "r-00000002";
  await page.locator("[data-state=other-run]", { hasText: "run r-7f3a91c2, the server is now run r-00000002" }).waitFor();
  await page.locator(".other-run button").click();
  await page.locator("header .run", { hasText: "r-00000002" }).waitFor();
});

story("a slow answer is waited for with words; a newer question replaces it", { world: { delay: 60000 } }, async ({ page, fake, open }) => {
  await open(`/?query=${QUERY}`);
  await state(page, "waiting");
  fake.world.delay = 0;
  await frames(page);
});

story("hostile names are only ever text", { world: { hostile: true }, page: { viewport: { width: 1280, height: 1200 } } }, async ({ page, open }) => {
  await open(`/?query=${QUERY}&by=-total`);
  const names = (await frames(page)).map((f) => f.name);
  for (const name of HOSTILE.slice(0, 4)) assert.ok(names.includes(name), JSON.stringify(name));
  assert.equal(await page.locator("main img, main script").count(), 0);
  for (const name of ["<img src=x onerror=alert(1)>", "x".repeat(10000), "\u202egnp.exe", ""]) {
    await clickFrame(page, name);
    await until(() => new URL(page.url()).searchParams.get("zoom"), "zoomed");
    await page.locator("fk-tip strong").waitFor();
    const tip = await page.locator("fk-tip").boundingBox();
    assert.ok(tip.width < 480 && tip.height < 400, "the tooltip stays small");
    await page.goBack();
    await zoomedTo(page, "total");
  }
  const shown = await page.locator("fk-table .table-row bdi").allTextContents();
  assert.ok(shown.includes("(no name)") && shown.includes("\ufffdgnp.exe"));
  await page.locator("button[data-view=tree]").click();
  await page.locator("fk-calltree .table-row").first().waitFor();
  assert.equal(await page.title(), "Explore · Flamekit");
});

story("100,000 nodes: fast frames, few rows", { world: { graph: randomGraph(100000) } }, async ({ page, open }) => {
  await open();
  await frames(page);
  await page.locator("fk-table .table-row").first().waitFor();
  assert.ok((await page.locator(".table-row").count()) <= 60);
  const graph = page.locator("fk-flamegraph");
  const cost = await graph.evaluate((el) => {
    const times = [];
    for (let i = 0; i < 9; i++) {
      el.update(el.props);
      times.push(el.stats().ms);
    }
    return times.sort((a, b) => a - b)[4];
  });
  assert.ok(cost < 40, `a frame takes ${cost} ms`);
  const hit = await graph.evaluate((el) => {
    const begun = performance.now();
    for (let i = 0; i < 2000; i++) el.frameAt(i % 700, (i * 7) % 400);
    return (performance.now() - begun) / 2000;
  });
  assert.ok(hit < 0.05, `a hit test takes ${hit} ms`);
});

story("10,000 rows deep works, and scrolls", { world: { graph: {
  names: ["total", "f", "g"], numTicks: 5e9, maxSelf: 5e9,
  levels: Array.from({ length: 10000 }, (_, i) => [0, 5e9, i === 9999 ? 5e9 : 0, i ? 1 + (i % 2) : 0]),
} } }, async ({ page, open }) => {
  await open();
  await frames(page);
  await page.locator(".fg-scroll").evaluate((el) => (el.scrollTop = el.scrollHeight));
  await until(async () => (await frames(page)).some((f) => f.level === 9999), "the deepest row is drawn");
  const height = await page.locator("canvas.fg-picture").evaluate((c) => c.height);
  assert.ok(height < 1200, "the canvas is as tall as the window, never as the stack");
});

for (const [width, scheme] of [[360, "light"], [768, "dark"]]) {
  story(`nothing sticks out at ${width} px, ${scheme}`, { page: { viewport: { width, height: 740 }, colorScheme: scheme } }, async ({ page, open }) => {
    await open();
    await frames(page);
    await page.locator("fk-facts .sum").waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `the page is ${wide} px wide`);
  });
}

story("the theme button goes through system, light and dark, and is remembered", {}, async ({ page, open }) => {
  await open();
  const back = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await frames(page);
  const light = await back();
  const button = page.locator("header button[aria-label^=Theme]");
  await button.click();
  assert.equal(await back(), light);
  await button.click();
  assert.notEqual(await back(), light);
  await page.reload();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await frames(page);
});

story("wall shows up where CPU is empty", { world: { services: { "workshop.demo.app": [CPU, SAMPLES, WALL] }, dataUntil: Date.now() - 10 * 60e3 } }, async ({ page, open }) => {
  await open(`/?query=${QUERY}`);
  await state(page, "none-in-range");
  assert.match(await text(page, "fk-empty"), /look at Wall/);
});

story("a server whose clock is ahead: its time is shown, and the difference said", { world: { ahead: 20 * 60e3 } }, async ({ page, fake, open }) => {
  await open(`/?query=${QUERY}`);
  await page.locator("[data-fact=skew]", { hasText: /server clock (20 min|19 min \d+ s).* ahead/ }).waitFor();
  const { search } = fake.world.requests.filter((r) => r.path === "/pyroscope/render").at(-1);
  assert.ok(Number(search.get("until")) > Date.now() + 19 * 60e3, "the range is the server's");
  await page.locator("[data-fact=skew] button").click();
  await page.locator(".popup", { hasText: "disagree about the time" }).waitFor();
});

for (const [name, options] of [["without JavaScript", { javaScriptEnabled: false }], ["that does not know the page's modules", {}]]) {
  test(`a browser ${name} gets a sentence and the profile as files`, async (t) => {
    const fake = await startFake();
    const page = await (await launch()).newPage(options);
    t.after(() => Promise.all([page.close(), fake.close()]));
    await page.route("**/*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "this is no module" }));
    await page.goto(fake.url);
    const words = page.locator("main .old");
    await words.getByRole("heading", { name: "cannot draw the page" }).waitFor();
    assert.deepEqual(await words.locator("a").allTextContents(), ["pprof", "folded stacks"]);
  });
}
