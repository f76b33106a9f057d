/** The details panel: the curve of a function, its lines, the window before. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, frames, story, until } from "./browser.js";
import { readPprof } from "../../server/ui/pprof.js";
import { totalOutermost } from "../../server/ui/layout.js";
import { piecesOf } from "../../server/ui/series.js";
import { fromStacks } from "../../server/ui/trie.js";

after(closeBrowser);

const param = (page, name) => new URL(page.url()).searchParams.get(name);
const bytes = (text) => [...new TextEncoder().encode(text)];
const field = (n, ...body) => [n * 8 + 2, body.length, ...body];
const str = (text) => field(6, ...bytes(text));

/** Samples hot:7 < main:3 (20), hot:9 < main:3 (10), hot:7 < hot:9 < main:4 (5), by hand. */
const PPROF = Uint8Array.from([
  ...field(1, 8, 1, 16, 2),
  ...field(2, ...field(1, 1, 3), ...field(2, 20)), ...field(2, ...field(1, 2, 3), ...field(2, 10)), ...field(2, ...field(1, 1, 2, 4), ...field(2, 5)),
  ...field(4, 8, 1, ...field(4, 8, 1, 16, 7)), ...field(4, 8, 2, ...field(4, 8, 1, 16, 9)), ...field(4, 8, 3, ...field(4, 8, 2, 16, 3)), ...field(4, 8, 4, ...field(4, 8, 2, 16, 4)),
  ...field(5, 8, 1, 16, 3, 32, 5), ...field(5, 8, 2, 16, 4, 32, 5),
  ...str(""), ...str("cpu"), ...str("nanoseconds"), ...str("is_prime_slow"), ...str("main"), ...str("src/<b>.c")]);

test("lines of a function: self and total, a line twice on a stack once", () => {
  const { lines } = readPprof(PPROF);
  assert.deepEqual(lines("is_prime_slow"), [{ file: "src/<b>.c", line: 7, self: 25, total: 25 }, { file: "src/<b>.c", line: 9, self: 10, total: 15 }]);
  assert.deepEqual(lines("main"), [{ file: "src/<b>.c", line: 3, self: 0, total: 30 }, { file: "src/<b>.c", line: 4, self: 0, total: 5 }]);
  assert.deepEqual(lines("nobody"), []);
});

test("a range is cut into whole pieces, none shorter than 15 s", () => {
  assert.deepEqual(piecesOf({ from: 0, until: 40e3 }), [{ from: 0, until: 20e3 }, { from: 20e3, until: 40e3 }]);
  assert.equal(piecesOf({ from: 0, until: 9e3 }).length, 1);
  const many = piecesOf({ from: 5, until: 1e6 });
  assert.ok(many.length === 12 && many.every((p, i) => i === 0 || p.from === many[i - 1].until) && many.at(-1).until === 1e6);
});

test("a function inside of itself weighs once", () => {
  const p = fromStacks([[["a", "b", "a"], 5], [["b"], 2], [["b", "a"], 4]]);
  assert.equal(totalOutermost(p, "a"), 9);
  assert.equal(totalOutermost(p, "nobody"), 0);
});

story("the details show the share over time", {}, async ({ page, fake, open }) => {
  await open("/?fn=compute_primes_slow");
  await frames(page);
  const place = page.locator(".trend-place");
  await place.locator("small", { hasText: /^(?:always|from [\d.]+ % to) [\d.]+ %/ }).waitFor();
  assert.equal(await place.locator("svg.trend g").count(), 12);
  const pieces = fake.world.requests.filter((r) => r.search.get("max-nodes") === "4096" && !r.search.get("query").includes("endpoint"));
  assert.equal(pieces.length, 12);
  assert.ok(pieces.every((r) => Math.abs(r.search.get("until") - r.search.get("from") - 25e3) <= 1));
});

story("the details show which label values make up a function; one click shows only that", {}, async ({ page, open }) => {
  await open("/?fn=compute_hash");
  await frames(page);
  const column = page.locator(".labels-place");
  await column.locator("button").first().waitFor();
  const texts = await column.locator("button").allTextContents();
  assert.match(texts[0], /^\/api\/hash \S+ m?s · 9\d\.\d %$/);
  assert.match(texts[1], /^\/api\/hash_cached \S+ m?s · \d\.\d %$/);
  assert.equal(texts.length, 2, "no other endpoint runs it");
  const sum = texts.reduce((n, text) => n + parseFloat(/([\d.]+) %/.exec(text)[1]), 0);
  assert.ok(Math.abs(sum - 100) < 0.2, `${sum}`);
  await column.locator("button").nth(1).click();
  await until(() => param(page, "query").includes('endpoint="/api/hash_cached"'), "the query has it");
});

story("another label is chosen in the details, and stays in the address", {}, async ({ page, open }) => {
  await open("/?fn=compute_hash");
  const column = page.locator(".labels-place");
  await column.locator("select").focus();
  await column.locator("select").selectOption("env");
  await until(() => param(page, "groupBy") === "env", "in the address");
  await column.locator("small", { hasText: "none of it carries env" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Label", "the keyboard stays where it was");
});

story("source lines where the senders tell them, and words where not", { world: { pprof: Buffer.from(PPROF) } }, async ({ page, fake, open }) => {
  await open("/?fn=is_prime_slow");
  const button = page.locator("fk-details button", { hasText: "Source lines" });
  await button.click();
  await page.locator(".source-lines tr", { hasText: "src/<b>.c:7" }).waitFor();
  assert.deepEqual(await page.locator(".source-lines bdi").allTextContents(), ["src/<b>.c:7", "src/<b>.c:9"]);
  await page.keyboard.press("Escape");
  await page.goto(`${fake.url}/?fn=render_json`);
  await button.click();
  await page.locator(".popup", { hasText: "tell no file and no line" }).waitFor();
});

story("diff with the window before", {}, async ({ page, open }) => {
  await open("/?fn=hash_rounds");
  await page.locator("fk-details button", { hasText: "window before" }).click();
  await page.locator(".spoken").filter({ hasText: /\w/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/comparison-diff");
  assert.equal(param(page, "leftUntil"), param(page, "rightFrom"));
  const length = (id) => param(page, `${id}Until`) - param(page, `${id}From`);
  assert.ok(Math.abs(length("left") - length("right")) <= 1);
  assert.equal(param(page, "fn"), "hash_rounds");
  await page.goBack();
  await until(() => new URL(page.url()).pathname === "/", "Back undoes it");
});
