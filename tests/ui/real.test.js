/** The page as the server carries it, on profiles the server has stored. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after } from "node:test";
import { promisify } from "node:util";
import { clickFrame, closeBrowser, frames, story, until, zoomedTo } from "./browser.js";
import { ingest, startReal } from "./real_server.js";

after(closeBrowser);

const APP = "workshop.demo.app";
const json = async (url, init) => (await fetch(url, init)).json();

async function fill(url) {
  await ingest(url, APP, "endpoint=/slow", ["main;handle_primes_slow;compute_primes_slow;is_prime_slow 700", "main;handle_primes_slow;render_json 20"]);
  await ingest(url, APP, "endpoint=/hash", ["main;handle_hash;compute_hash 250", "main;<b>bold</b> 30"]);
}

story("the real server: empty, then a picture by itself", { start: startReal }, async ({ page, fake, open }) => {
  await open();
  await page.locator("fk-empty[data-state=never]").waitFor();
  await fill(fake.url);
  const shown = await until(async () => {
    const all = await frames(page);
    return all[0].total === 10e9 && all;
  }, "all 1,000 samples are shown");
  assert.equal(shown.find((f) => f.name === "compute_primes_slow").total, 7e9);
  assert.ok(shown.some((f) => f.name === "<b>bold</b>"));
});

story("the real server: the curl line of the empty page works as it stands", { start: startReal }, async ({ page, open }) => {
  await open();
  const line = await page.locator(".ways pre", { hasText: "curl" }).textContent();
  await promisify(execFile)("sh", ["-c", line]);
  assert.deepEqual((await frames(page)).map((f) => `${f.name} ${f.total / 1e7}`).sort(), ["cold 30", "hot 70", "main 100", "total 100", "work 100"]);
});

story("the real server: zoom, filter, selection, activity", { start: startReal }, async ({ page, fake, open }) => {
  await fill(fake.url);
  const now = Date.now();
  await json(`${fake.url}/api/annotations`, { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ appName: APP, content: "phase: mixed", kind: "phase", id: "t/1", timestamp: now - 30e3, until: now - 5e3, data: { rate: 20, sent: 500 } }) });
  const told = (view) => until(async () => (await json(`${fake.url}/api/kit/activity`)).find((a) => a.view === view), `the server knows of the ${view}`);
  await open();
  await told("flamegraph");
  await told("table");
  await clickFrame(page, "compute_hash");
  await zoomedTo(page, "compute_hash");
  await told("zoom");
  await page.keyboard.press("0");
  await page.locator("g[data-phase=mixed] .head").click();
  const range = await told("range");
  await page.locator("input.add-filter").fill("endpoint=");
  await page.locator(".options li", { hasText: "/hash" }).click();
  await until(async () => (await frames(page))[0].total === 2.8e9, "the filter filters");
  await told("filter");
  assert.ok(Math.abs(range.until - range.from - 25e3) < 1000);
});

story("the real server: a diff of two label values, told to the server", { start: startReal }, async ({ page, fake, open }) => {
  await fill(fake.url);
  const side = (endpoint) => encodeURIComponent(`process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="${APP}",endpoint="${endpoint}"}`);
  const now = Date.now();
  const times = ["left", "right"].map((id) => `${id}From=${now - 60000}&${id}Until=${now + 1000}`).join("&");
  await open(`/diff?leftQuery=${side("/hash")}&rightQuery=${side("/slow")}&${times}&dm=absolute`);
  await page.locator(".spoken", { hasText: "B used" }).waitFor();
  await page.locator("fk-difftable .table-row").first().waitFor();
  const list = await until(async () => {
    const seen = await (await fetch(`${fake.url}/api/kit/activity?from=0&until=${Date.now() + 60000}`)).json();
    return seen.some((a) => a.view === "diff" && a.detail.right.from > 0) && seen;
  }, "the server knows of the diff");
  assert.ok(list.length >= 1);
});

story("the real server: the tag explorer and the documents", { start: startReal }, async ({ page, fake, open }) => {
  await fill(fake.url);
  await open("/explore?groupBy=endpoint");
  await page.locator(".tags-table tr", { hasText: "/slow" }).first().waitFor();
  await open("/docs");
  await page.locator(".glossary dt").first().waitFor();
});

story("the real server: the status page", { start: startReal }, async ({ page, fake, open }) => {
  await fill(fake.url);
  await open("/status");
  await page.locator(".status[data-ready]").waitFor();
  assert.match(await page.locator(".status").textContent(), /run r-00000001[\s\S]*workshop\.demo\.app/);
});

story("the real server: a query it refuses is shown with its words", { start: startReal, expected: ["Failed to load resource"] }, async ({ page, fake, open }) => {
  await fill(fake.url);
  await open(`/?query=${encodeURIComponent(`nonsense{service_name="${APP}"}`)}`);
  await page.locator("fk-empty[data-state=error] .server-words").waitFor();
  assert.match(await page.locator(".server-words").textContent(), /profile-type|type/);
});
