/** Views that are kept: snapshots on the real server, favourites in the browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { clickFrame, closeBrowser, frames, story, until, zoomedTo } from "./browser.js";
import { ingest, startReal } from "./real_server.js";
import { formatUrl, parseUrl } from "../../server/ui/url.js";

after(closeBrowser);

const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };
const param = (page, name) => new URL(page.url()).searchParams.get(name);
const openPanel = async (page) => {
  await page.locator("header button[aria-label^=Favourites]").click();
  await page.locator(".keepsakes").waitFor();
};

story("a snapshot shows the same picture later, and another question leads back", { start: startReal, page: CLIPBOARD }, async ({ page, fake, open }) => {
  await ingest(fake.url, "workshop.demo.app", "endpoint=/slow", ["main;handle;compute 700", "main;handle;<b>bold</b> 300"]);
  await open();
  await clickFrame(page, "handle");
  await zoomedTo(page, "handle");
  await page.locator("[data-fact=total]").waitFor();
  const before = (await frames(page)).map((f) => `${f.name} ${f.total}`);
  await openPanel(page);
  await page.locator(".keepsakes button", { hasText: "Keep a snapshot" }).click();
  await page.locator(".said", { hasText: "Copied the link of the snapshot" }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\/s\/01[0-9A-Z]{24}-workshop\.demo\.app_CPU\?/);
  await ingest(fake.url, "workshop.demo.app", "endpoint=/slow", ["main;other 5000"]);
  await page.goto(link);
  await zoomedTo(page, "handle");
  assert.deepEqual((await frames(page)).map((f) => `${f.name} ${f.total}`), before);
  await page.locator("[data-state=frozen]").waitFor();
  await page.locator("button[data-view=tree]").click();
  await page.locator("fk-calltree .table-row", { hasText: "compute" }).waitFor();
  assert.match(page.url(), /\/s\/01.*view=tree/);
  await page.goto(link.split("?")[0]);
  await zoomedTo(page, "total");
  assert.ok(param(page, "query"), "the address says what was asked");
  await page.keyboard.press("l");
  await until(async () => new URL(page.url()).pathname === "/" && (await frames(page)).some((f) => f.name === "other"), "live again");
  await openPanel(page);
  await page.locator(".kept-row", { hasText: "workshop.demo.app CPU" }).locator("button").click();
  await until(async () => (await (await fetch(`${fake.url}/api/kit/snapshots`)).json()).length === 0, "it is removed");
});

story("a snapshot that is not there is said", { start: startReal, expected: ["Failed to load resource"] }, async ({ page, open }) => {
  await open("/s/01AAAAAAAAAAAAAAAAAAAAAAAA-x");
  await page.locator("fk-empty[data-state=error]", { hasText: "there is no file with this id" }).waitFor();
});

story("a favourite is a name for an address", {}, async ({ page, open }) => {
  await open("/?from=now-15m&view=tree");
  await page.locator("fk-calltree .table-row").first().waitFor();
  await openPanel(page);
  const name = page.locator("input[aria-label='Name of the favourite']");
  assert.match(await name.inputValue(), /workshop\.demo\.app · CPU/);
  await name.fill("my <i>view</i>");
  await page.locator(".star-form button").click();
  await page.locator(".kept-row", { hasText: "my <i>view</i>" }).waitFor();
  await page.goto(new URL("/status", page.url()).href);
  await openPanel(page);
  await page.locator(".kept-row a", { hasText: "my <i>view</i>" }).click();
  await until(() => param(page, "view") === "tree" && param(page, "from") === "now-15m", "the view is back");
  await page.locator("fk-calltree .table-row").first().waitFor();
  await openPanel(page);
  await page.locator(".kept-row button").click();
  assert.equal(await page.locator(".kept-row").count(), 0);
});

test("a snapshot's address survives a round trip, and ids are never a path", () => {
  const state = parseUrl("/s/01ABC-name.cpu", "?view=tree&zoom=k3x");
  assert.deepEqual([state.page, state.shot, state.view], ["snapshot", "01ABC-name.cpu", "tree"]);
  assert.equal(formatUrl(state), "/s/01ABC-name.cpu?view=tree&zoom=k3x");
  for (const path of ["/s/", "/s/a/b", "/s/..%2f", `/s/${"x".repeat(141)}`]) assert.equal(parseUrl(path, "").page, "explore");
});
