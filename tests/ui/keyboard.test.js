/**
 * The page without a mouse: every key of the map does what the help says, the
 * tree holds the whole picture as text, the focus survives a refresh, and
 * exercise 07.1 is solved from the first Tab to the last Enter.
 */
import assert from "node:assert/strict";
import { after } from "node:test";
import { closeBrowser, coresShown, frames, story, until, zoomedTo } from "./browser.js";
import { startKit } from "./kit.js";
import { ASKED_AGAIN } from "./student.js";

after(closeBrowser);

const param = (page, name) => new URL(page.url()).searchParams.get(name);
const is = (name, value) => async (page) => until(() => param(page, name) === value, `${name} is ${value}`);
const at = (path) => async (page) => until(() => new URL(page.url()).pathname === path, `the page is ${path}`);
const seen = (selector, hasText) => (page) => page.locator(selector, hasText ? { hasText } : {}).first().waitFor();
const graph = (page) => page.locator("canvas.fg-overlay").focus();
const spoken = (text) => (page) => page.locator("fk-flamegraph [aria-live]", { hasText: text }).waitFor({ state: "attached" });
const press = (...keys) => async (page) => {
  for (const key of keys) await page.keyboard.press(key);
};
const inGraph = (...keys) => async (page) => {
  await graph(page);
  await press(...keys)(page);
};
const PHASE = /^phase:/;
/** A step that must have been taken before the key. */
const following = (...steps) => async (page) => {
  for (const step of steps) await step(page);
};
const zoomed = following(inGraph("ArrowDown", "ArrowDown", "Enter"), (page) => zoomedTo(page, "main"));
const found = seen("output.answer", "matched");
const offered = seen(".segments button", "Wall");

/** g and a letter belong together for a moment only, which a busy machine may miss. */
async function goTo(page, letter, path) {
  const there = () => new URL(page.url()).pathname === path;
  await until(async () => {
    if (!there()) await press("g", letter)(page);
    return there();
  }, `g ${letter} leads to ${path}`);
}

/** key, where, what goes before it, what it does */
const MAP = [
  ["ArrowDown", "/", graph, spoken("depth 1")],
  ["ArrowUp", "/", inGraph("ArrowDown", "ArrowDown"), spoken("depth 1")],
  ["ArrowRight", "/", inGraph("ArrowDown"), spoken("2 of 2 siblings")],
  ["ArrowLeft", "/", inGraph("ArrowDown", "ArrowRight"), spoken("1 of 2 siblings")],
  ["Enter", "/", inGraph("ArrowDown", "ArrowDown"), (page) => zoomedTo(page, "main")],
  ["+", "/", inGraph("ArrowDown", "ArrowDown"), (page) => zoomedTo(page, "main")],
  ["-", "/", zoomed, (page) => zoomedTo(page, "__libc_start_call_main")],
  ["Space", "/", inGraph("ArrowDown", "ArrowDown"), is("fn", "main")],
  ["m", "/", inGraph("ArrowDown", "ArrowDown"), seen(".popup button")],
  ["s", "/", inGraph("ArrowDown", "ArrowDown"), seen(".middle", "main")],
  ["f", "/", inGraph("ArrowDown", "ArrowDown"), (page) => zoomedTo(page, "main")],
  ["e", "/", inGraph("ArrowDown", "ArrowDown"), seen("fk-details .explain")],
  ["Escape", "/?q=hash", null, is("q", null)],
  ["Backspace", "/?fn=main", null, is("fn", null)],
  ["0", "/", zoomed, (page) => zoomedTo(page, "total")],
  ["1", "/", null, is("view", "graph")],
  ["2", "/?view=table", null, is("view", null)],
  ["3", "/", null, is("view", "table")],
  ["4", "/", null, is("view", "tree")],
  ["5", "/", null, is("view", "sandwich")],
  ["/", "/", null, seen("input.search:focus")],
  ["Control+f", "/", null, seen("input.search:focus")],
  ["n", "/?q=hash", found, spoken("hash")],
  ["N", "/?q=hash", found, spoken("hash")],
  ["w", "/", offered, seen(".segments [aria-pressed=true]", "Wall")],
  ["c", "/", following(offered, press("w"), seen(".segments [aria-pressed=true]", "Wall")), seen(".segments [aria-pressed=true]", "CPU")],
  ["l", "/", null, is("live", null)],
  ["t", "/", null, seen(".popup")],
  ["Shift+ArrowLeft", "/", null, async (page) => until(() => /^\d+$/.test(param(page, "from") ?? ""), "a fixed range")],
  ["Shift+ArrowRight", "/", null, async (page) => until(() => /^\d+$/.test(param(page, "from") ?? ""), "a fixed range")],
  ["_", "/", null, async (page) => until(() => Number(param(page, "until")) - Number(param(page, "from")) >= 590e3, "twice as long")],
  ["[", "/", null, async (page) => until(() => PHASE.test(param(page, "sel") ?? ""), "a phase")],
  ["]", "/", null, async (page) => until(() => PHASE.test(param(page, "sel") ?? ""), "a phase")],
  ["r", "/", null, is("fold", "recursion")],
  ["i", "/", null, is("o", "flame")],
  ["a", "/?sel=phase:cached", null, is("leftFrom", "phase:cached")],
  ["b", "/?sel=phase:cached", null, is("rightFrom", "phase:cached")],
  ["d", "/", null, at("/comparison-diff")],
  ["x", "/diff?leftFrom=phase:cached&rightFrom=phase:uncached", null, is("leftFrom", "phase:uncached")],
  ["y", "/", null, seen(".said, .copy-text")],
  ["?", "/", null, seen("dialog[open]")],
];
const PLACES = { c: "/comparison", d: "/comparison-diff", t: "/explore", a: "/adhoc", w: "/workshop", s: "/status", h: "/docs", e: "/" };

/** One page for all keys: each begins at its own address. */
story("the map of keys: each does what it says", {}, async ({ page, open }) => {
  for (const [key, path, before, does] of MAP) {
    await open(path);
    if (path.startsWith("/diff")) await page.locator("fk-difftable .table-row").first().waitFor();
    else {
      await frames(page);
      await page.locator("[data-fact=total]").waitFor();
      await page.locator("fk-table, fk-calltree, fk-sandwich").first().waitFor({ state: "attached" });
      await page.locator("g[data-phase] .head").first().waitFor();
      await page.locator("header .run:not(:empty)").waitFor({ state: "attached" });
    }
    await before?.(page);
    await page.keyboard.press(key).catch((e) => assert.fail(`${key}: ${e.message}`));
    await does(page).catch((e) => assert.fail(`${key} at ${path}: ${e.message}`));
  }
  await open("/");
  for (const [letter, path] of Object.entries(PLACES)) await goTo(page, letter, path);
});

story("single keys can be switched off, and stay off", {}, async ({ page, open }) => {
  await open();
  await frames(page);
  await page.keyboard.press("?");
  await page.getByLabel("Single keys act").uncheck();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.reload();
  await frames(page);
  await page.locator("[data-fact=total]").waitFor();
  await page.keyboard.press("3");
  await page.keyboard.press("?");
  await page.keyboard.press("Control+f");
  await page.locator("input.search:focus").waitFor();
  assert.equal(param(page, "view"), null);
  assert.equal(await page.locator("dialog").count(), 0);
  await page.getByRole("button", { name: "Help" }).click();
  await page.getByLabel("Single keys act").check();
  await page.keyboard.press("Escape");
  await page.keyboard.press("3");
  await until(() => param(page, "view") === "table", "they act again");
});

story("a refresh leaves the keyboard where it is", {}, async ({ page, fake, open }) => {
  await open("/?live=1&fn=compute_hash");
  await frames(page);
  for (const selector of ["[data-fact=total] .why", "fk-crumbs .crumb", "fk-details .actions button"]) {
    await page.locator(selector).first().waitFor();
    await page.evaluate((s) => document.querySelector(s).focus(), selector);
    const asked = () => fake.world.requests.filter((r) => r.path === "/pyroscope/render").length;
    const before = asked();
    await until(() => asked() > before + 3, "it was refreshed");
    assert.ok(await page.evaluate((s) => document.querySelector(s) === document.activeElement, selector), `the focus is still at ${selector}`);
  }
});

/** Every place of the picture: "depth name". */
const placesOf = (page) => page.locator("fk-flamegraph").evaluate(({ props: { profile } }) =>
  profile.levels.flatMap((level, l) => [...level.name].map((n) => `${l} ${profile.names[n]}`)));

/** What the row under the keyboard says. */
const rowNow = (page) => page.evaluate(() => {
  const el = document.activeElement;
  return { index: Number(el.dataset.index), place: `${Number(el.getAttribute("aria-level")) - 1} ${el.querySelector("bdi").textContent}`,
    closed: el.getAttribute("aria-expanded") === "false", total: el.querySelector(".total b").textContent };
});

story("the tree is the whole picture as text, by arrow keys", {}, async ({ page, open }) => {
  await open("/?view=tree&from=now-3m&until=now-1m");
  await page.locator("fk-calltree .table-row").first().waitFor();
  const want = await placesOf(page);
  await page.evaluate(() => document.querySelector("fk-calltree .table-row").focus());
  const found = [];
  for (let row = await rowNow(page); row.index === found.length; row = await rowNow(page)) {
    if (row.closed) {
      await page.keyboard.press("ArrowRight");
      row = await rowNow(page);
    }
    assert.match(row.total, /^[\d.<]+ %$|^–$/);
    found.push(row.place);
    await page.keyboard.press("ArrowDown");
  }
  assert.deepEqual(found.sort(), want.sort(), "every frame is a row, and nothing else is");
  assert.equal(await page.locator("fk-calltree").getAttribute("aria-rowcount"), String(want.length + 1));
});

/** Tab until something has the focus; that it comes at all is the test. */
async function tabTo(page, selector) {
  for (let i = 0; i < 120; i++) {
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never came to ${selector}`);
}

async function answer(page, question, text) {
  await tabTo(page, `aside input[aria-label="${question}"]`);
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
  await page.locator("aside .judged.pass", { hasText: text }).waitFor();
}

story("07.1 by keyboard alone, from the list to PASS", { start: startKit, expected: ASKED_AGAIN }, async ({ page, fake, open }) => {
  await fake.flamekit("load", "--for", "75s", "--speed", "3");
  await open("/");
  await frames(page);
  await goTo(page, "w", "/workshop");
  await page.locator(".exercises li").first().waitFor();
  await tabTo(page, ".exercises .primary");
  await page.keyboard.press("Enter");
  await page.locator(".cover").waitFor();
  await tabTo(page, ".drawer input[aria-label='Your prediction']");
  await page.keyboard.type("40");
  await page.keyboard.press("Enter");
  await page.locator(".guess", { hasText: "You predicted 40" }).waitFor();
  await page.evaluate(() => document.activeElement.blur());
  await page.locator("g[data-phase=mixed] .head").waitFor();
  await page.keyboard.press("]");
  await until(() => param(page, "sel") === "phase:mixed", "the band is selected");
  await until(async () => (await frames(page)).some((f) => f.name === "compute_primes_slow"), "the band's picture");
  await page.locator("fk-table .table-row").first().waitFor();
  const cores = await coresShown(page);
  await page.keyboard.press("3");
  await until(() => param(page, "view") === "table", "the table");
  await page.keyboard.press("2");
  await tabTo(page, "input.add-filter");
  await page.keyboard.type("endpoint=/api/hash");
  await page.locator(".options li", { hasText: "/api/hash" }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".chip", { hasText: "endpoint=/api/hash" }).waitFor();
  await until(async () => !(await frames(page)).some((f) => f.name === "is_prime_slow"), "the filter filters");
  await tabTo(page, ".chip-close");
  await page.keyboard.press("Enter");
  await page.locator(".chip").waitFor({ state: "detached" });
  await answer(page, "Which service does the page show?", "workshop.demo.app");
  await answer(page, "How many cores does the service use in the range of the band mixed?", cores);
  await tabTo(page, "aside input[type=radio]");
  await page.keyboard.press("ArrowDown");
  await page.locator("aside .judged.pass", { hasText: "All CPU samples" }).or(page.locator("aside .judged.pass").nth(2)).first().waitFor();
  await page.locator(".verdict.pass").waitFor();
  assert.match((await fake.flamekit("check", "07.1")).text, /^PASS/m);
});
