/** Stories on the pages that compare. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { closeBrowser, frames, story, until } from "./browser.js";
import { CPU } from "./fake_server.js";
import { aroundMarker, previousOf, resolveSides } from "../../server/ui/sides.js";
import { parseUrl } from "../../server/ui/url.js";

after(closeBrowser);

const param = (page, name) => new URL(page.url()).searchParams.get(name);
const told = (fake) => fake.world.activity.filter((a) => a.view === "diff");
const diffs = (fake) => fake.world.requests.filter((r) => r.path === "/pyroscope/render-diff" && r.search.get("max-nodes") !== "1");
const sentence = (page) => page.locator(".spoken");

story("click a band, Shift-click another: the diff of the two phases", {}, async ({ page, fake, open }) => {
  await open();
  await page.locator("g[data-phase=cached] .head").click();
  await until(() => param(page, "sel") === "phase:cached", "the first is selected");
  await page.locator("g[data-phase=uncached] .head").click({ modifiers: ["Shift"] });
  await sentence(page).filter({ hasText: /Per request B costs [\d.]+ \S+ CPU, A [\d.]+/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/comparison-diff");
  assert.deepEqual([param(page, "leftFrom"), param(page, "rightFrom")], ["phase:cached", "phase:uncached"]);
  const [cached, uncached] = ["cached", "uncached"].map((n) => fake.world.phases.find((p) => p.data.phase === n));
  const [seen] = await until(() => told(fake).length && told(fake), "the server was told");
  assert.deepEqual([seen.from, seen.until, seen.detail.right.from, seen.detail.right.until],
    [cached.timestamp, cached.until, uncached.timestamp, uncached.until]);
  assert.deepEqual([seen.detail.leftFrom, seen.detail.rightUntil], [cached.timestamp, uncached.until]);
  assert.equal(seen.query, `${CPU}{service_name="workshop.demo.app"}`);
  assert.equal(seen.detail.right.query, seen.query);
  await page.goBack();
  await until(() => new URL(page.url()).pathname === "/" && param(page, "sel") === "phase:cached", "Back undoes it");
});

story("a bare diff compares the last two phases; modes, widths and colours are links", {}, async ({ page, open }) => {
  await open("/diff");
  await sentence(page).filter({ hasText: "Per request" }).waitFor();
  assert.match(await page.locator(".side.left .side-words").textContent(), /^uncached · /);
  assert.match(await page.locator(".side.right .side-words").textContent(), /^mixed · /);
  await page.locator("button[data-key=absolute]").click();
  await sentence(page).filter({ hasText: /^B used/ }).waitFor();
  assert.equal(param(page, "dm"), "absolute");
  await page.locator("button[data-key=share]").click();
  await sentence(page).filter({ hasText: /shares/ }).waitFor();
  const wide = (await frames(page))[0].total;
  await page.locator("button[data-key=a]").click();
  await until(async () => param(page, "dw") === "a" && (await frames(page))[0].total <= wide, "width by A");
  await page.locator("label", { hasText: "unsure in grey" }).click();
  await until(() => param(page, "sure") === "all", "every change is coloured");
  await page.reload();
  await sentence(page).filter({ hasText: /shares/ }).waitFor();
  assert.equal(await page.locator("button[data-key=a]").getAttribute("aria-pressed"), "true");
});

story("service and profile type are chosen for both sides; each keeps its labels", {}, async ({ page, fake, open }) => {
  const [whole, left] = ["", ",endpoint=\"/api/hash\""].map((more) => encodeURIComponent(`${CPU}{service_name="workshop.demo.app"${more}}`));
  await open(`/diff?query=${whole}&leftQuery=${left}&leftFrom=phase:cached&rightFrom=phase:uncached`);
  await sentence(page).filter({ hasText: /\S/ }).waitFor();
  const before = page.url();
  await page.locator("fk-picker .segments button", { hasText: /^Wall$/ }).click();
  await until(() => diffs(fake).some((r) => ["leftQuery", "rightQuery"].every((n) => r.search.get(n).startsWith("wall:"))), "both are asked for by the wall clock");
  assert.match(param(page, "leftQuery"), /^wall:.*endpoint="\/api\/hash"/);
  assert.doesNotMatch(param(page, "query"), /endpoint/);
  await page.goBack();
  assert.equal(page.url(), before, "one step was one action");
  await page.keyboard.press("w");
  await until(() => param(page, "leftQuery").startsWith("wall:"), "the key does the same");
});

story("equal sides: nothing is beyond chance and nothing is coloured", {}, async ({ page, fake, open }) => {
  const [a, b] = [fake.world.phases[2].timestamp, fake.world.phases[2].until];
  await open(`/diff?leftFrom=${a}&leftUntil=${b}&rightFrom=${a}&rightUntil=${b}`);
  await sentence(page).filter({ hasText: "no more than chance" }).waitFor();
  await frames(page);
  const marks = await page.locator("fk-flamegraph").evaluate((el) => [...new Set(el.props.look.cells.flatMap((row) => [...row.mark]))]);
  assert.deepEqual(marks, [5]);
  assert.match(await page.locator("fk-difftable .table-count").textContent(), /0 changes beyond chance/);
});

story("two label values: new and gone frames, and x swaps the sides", {}, async ({ page, fake, open }) => {
  await open("/diff");
  await sentence(page).filter({ hasText: "Per request" }).waitFor();
  await page.locator("button", { hasText: "Compare…" }).click();
  await page.locator(".label-pair select[aria-label=A] option", { hasText: "primes_slow" }).waitFor({ state: "attached" });
  await page.locator(".label-pair select[aria-label=B]").selectOption("/api/hash");
  await page.locator(".label-pair button").click();
  await until(() => param(page, "rightQuery")?.includes('endpoint="/api/hash"'), "both labels are in the address");
  await until(() => diffs(fake).at(-1)?.search.get("rightQuery").includes('endpoint="/api/hash"'), "and in the request");
  await page.locator("fk-difftable .table-row", { hasText: "is_prime_slow" }).first().waitFor();
  const mark = (name) => page.locator("fk-flamegraph").evaluate((el, n) => {
    const { profile, look } = el.props;
    const id = profile.names.indexOf(n);
    for (const [l, level] of profile.levels.entries()) {
      const i = [...level.name].indexOf(id);
      if (i >= 0) return look.cells[l].mark[i];
    }
    return -1;
  }, name);
  await until(async () => (await mark("hash_rounds")) === 3, "what only B has is new");
  assert.equal(await mark("is_prime_slow"), 4, "what only A has is gone");
  await page.locator("body").press("x");
  await until(() => param(page, "leftQuery")?.includes('endpoint="/api/hash"'), "swapped");
  await until(async () => (await mark("is_prime_slow")) === 3, "and drawn so");
});

story("folding in a diff: idle threads and libraries leave the picture and the sums", {}, async ({ page, open }) => {
  await open("/diff?dm=absolute");
  await sentence(page).filter({ hasText: /^B used/ }).waitFor();
  const before = (await frames(page))[0].total;
  await page.locator(".diff-tools button", { hasText: "Fold" }).click();
  await page.locator(".fold-choice", { hasText: "kernel" }).locator("input").check();
  await until(() => param(page, "fold") === "kernel", "it is in the address");
  await until(async () => !(await frames(page)).some((f) => f.name === "do_syscall_64"), "the kernel's frames are gone");
  assert.equal((await frames(page))[0].total, before, "their time is their callers'");
  await page.goBack();
  await until(async () => param(page, "fold") === null && (await frames(page)).some((f) => f.name === "do_syscall_64"), "Back undoes it");
});

story("markers: set at a moment, before and after it, removed", {}, async ({ page, fake, open }) => {
  await open(`/?query=${encodeURIComponent(`${CPU}{service_name="workshop.demo.app"}`)}`);
  await page.locator("fk-timeline path.area[d^=M]").waitFor({ state: "attached" });
  const svg = page.locator("fk-timeline svg");
  const { width } = await svg.boundingBox();
  await svg.click({ button: "right", position: { x: width / 2, y: 70 } });
  await page.locator("input[aria-label='What happened']").fill("restart <b>now</b>");
  await page.locator(".marker-form select").selectOption("fault");
  await page.locator(".marker-form button").click();
  await page.locator("g.flag.fault title", { hasText: "restart <b>now</b>" }).waitFor({ state: "attached" });
  const note = fake.world.notes.at(-1);
  assert.deepEqual([note.appName, note.kind, note.content], ["workshop.demo.app", "fault", "restart <b>now</b>"]);
  assert.ok(Math.abs(Date.now() - 150e3 - note.timestamp) < 60e3, "at the moment that was clicked");
  const flag = await until(() => page.locator("g.flag.fault path").boundingBox(), "its flag is drawn");
  await page.mouse.click(flag.x + 4, flag.y + 4);
  await page.locator(".popup .choice", { hasText: "before and after" }).click();
  await sentence(page).filter({ hasText: /\w/ }).waitFor();
  assert.equal(param(page, "leftUntil"), param(page, "rightFrom"));
  await page.goBack();
  await page.locator("g.flag.fault path").waitFor({ state: "attached" });
  const again = await until(() => page.locator("g.flag.fault path").boundingBox(), "its flag is drawn again");
  await page.mouse.click(again.x + 4, again.y + 4);
  await page.locator(".popup .choice", { hasText: "Remove" }).click();
  await page.locator("g.flag.fault").waitFor({ state: "detached" });
});

story("brushes: a drag moves A, an Alt-drag B, arrow keys move an edge", {}, async ({ page, open }) => {
  await open("/diff");
  await page.locator("fk-timeline path.area[d^=M]").waitFor({ state: "attached" });
  const box = await page.locator("fk-timeline svg").boundingBox();
  const drag = async (from, to) => {
    await page.mouse.move(box.x + box.width * from, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * to, box.y + 62, { steps: 4 });
    await page.mouse.up();
  };
  await page.keyboard.down("Alt");
  await drag(0.6, 0.7);
  await page.keyboard.up("Alt");
  const from = await until(() => Number(param(page, "rightFrom")), "B moved");
  assert.ok(Number(param(page, "rightUntil")) > from);
  const edge = page.locator(".edge.right").first();
  await page.locator(`.edge.right[aria-valuenow="${Math.round(from / 1000)}"]`).waitFor();
  await until(async () => {
    await edge.focus();
    await page.keyboard.press("ArrowRight");
    return Number(param(page, "rightFrom")) > from;
  }, "its begin moved on");
});

story("comparison: linked zoom and hover, one scale", {}, async ({ page, open }) => {
  await open("/comparison");
  const graphs = page.locator("fk-flamegraph");
  await page.locator(".half canvas.fg-picture[data-ready]").nth(1).waitFor({ state: "attached" });
  const box = async (i, name) => (await graphs.nth(i).evaluate((el) => el.visibleFrames())).find((f) => f.name === name);
  const left = await box(0, "handle_hash");
  await graphs.nth(0).locator("canvas.fg-overlay").hover({ position: { x: left.x + 10, y: left.y + 8 } });
  await page.locator("fk-tip strong", { hasText: "handle_hash" }).waitFor();
  await graphs.nth(0).locator("canvas.fg-overlay").click({ position: { x: left.x + 10, y: left.y + 8 } });
  await page.locator("fk-crumbs [aria-current]", { hasText: "handle_hash" }).waitFor();
  await until(async () => (await box(1, "handle_hash")).width > 400, "the other side zoomed too");
  await page.keyboard.press("0");
  await page.locator("label", { hasText: "one scale" }).click();
  await until(async () => {
    const [a, b] = [await box(0, "total"), await box(1, "total")];
    return Math.abs(a.width / b.width - a.total / b.total) < 0.05;
  }, "widths are to one scale");
  await page.locator(".half-facts", { hasText: "per request" }).first().waitFor();
});

story("a server that refuses the diff is shown with its words", { world: { fail: (path) => (path.endsWith("render-diff") ? { status: 400, message: "profile types must match" } : null) }, expected: ["Failed to load resource"] }, async ({ page, open }) => {
  await open("/diff");
  await page.locator(".wrong", { hasText: "profile types must match" }).waitFor();
});

const PHASES = [["a", 0, 1000], ["b", 2000, 5000], ["c", 6000, null]].map(([name, from, end]) => ({ name, from, until: end, data: {} }));
const sides = (search, phases = PHASES) => resolveSides(parseUrl("/diff", `?from=now-10s&${search}`), phases, 10000);

test("sides: the last two phases, else the halves of the window", () => {
  assert.deepEqual(sides("").sides.map((s) => s.range), [{ from: 2000, until: 5000 }, { from: 6000, until: 10000 }]);
  assert.deepEqual(sides("", []).sides.map((s) => s.range), [{ from: 0, until: 5000 }, { from: 5000, until: 10000 }]);
  assert.equal(sides("", []).equallyLong, true);
  assert.deepEqual(sides("").sides.map((s) => s.words), ["b", "c"]);
});
test("sides: one that is named gets a fitting other", () => {
  assert.deepEqual(sides("leftFrom=phase:a").sides[1].range, { from: 6000, until: 10000 });
  assert.deepEqual(sides("rightFrom=phase:b").sides[0].range, { from: -1000, until: 2000 });
  assert.deepEqual(previousOf({ from: 5, until: 7 }), { from: 3, until: 5 });
});
test("windows around a marker are equally long", () => {
  assert.deepEqual(aroundMarker(100e3, 130e3), [{ from: 70e3, until: 100e3 }, { from: 100e3, until: 130e3 }]);
});
