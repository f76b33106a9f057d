/**
 * Exercises 07.3, 07.4 and 07.5 through the page alone: a student's clicks
 * and drags in a world that was replayed (FK_ROBOT=real: played), answers read
 * off the screen and given in the drawer, whose verdict counts.
 */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { closeBrowser, frames, story, until } from "./browser.js";
import { startPlayed } from "./kit.js";
import { answer, ASKED_AGAIN, choose as choice, openExercise, passed } from "./student.js";

let kit = null;
before(async () => {
  kit = await startPlayed();
});
after(async () => {
  await kit?.close?.();
  await closeBrowser();
});
/** One kit for all stories; it goes down after the last. */
const shared = { expected: ASKED_AGAIN, start: async () => ({ ...kit, close: async () => {} }) };

const UNITS = { s: 1e3, ms: 1, µs: 1e-3, ns: 1e-6 };
const param = (page, name) => new URL(page.url()).searchParams.get(name);
const facts = (page) => page.locator("fk-facts").textContent();

/** Everything that was replayed is inside. */
const open = (at, ex, guess) => openExercise(at, ex, "/?from=now-20m", guess);

async function viewed(fake, wanted) {
  await until(async () => {
    const list = await (await fetch(`${fake.url}/api/kit/activity`)).json();
    return list.some(wanted);
  }, `the server knows of ${wanted}`);
}

async function selectBand(page, phase) {
  await page.locator(`g[data-phase=${phase}] .head`).click();
  await until(() => param(page, "sel") === `phase:${phase}`, `${phase} is selected`);
  await frames(page);
}

async function choose(page, label) {
  await page.locator("fk-picker .segments button", { hasText: new RegExp(`^${label}$`) }).click();
}

/** "Per request B costs 0.41 ms CPU, A 3.4 ms": A over B. */
function factor(sentence) {
  const [, b, bUnit, a, aUnit] = /B costs ([\d.]+) (\S+) CPU, A ([\d.]+) (ns|µs|ms|s)/.exec(sentence);
  return (a * UNITS[aUnit]) / (b * UNITS[bUnit]);
}

story("07.3 through the page: two bands, their diff, and what is left", shared, async (at) => {
  const { page, fake } = at;
  await open(at, "07.3", "5");
  await selectBand(page, "uncached");
  await page.locator("g[data-phase=cached] .head").click({ modifiers: ["Shift"] });
  const spoken = page.locator(".spoken", { hasText: /Per request B costs/ });
  await spoken.waitFor();
  const drop = factor(await spoken.textContent());
  assert.doesNotMatch(await spoken.textContent(), /chance|too few/);
  await viewed(fake, (a) => a.view === "diff");
  await page.goBack();
  await selectBand(page, "cached");
  const first = page.locator("fk-table .table-row").first();
  await first.waitFor();
  await until(async () => (await first.textContent()).includes("render_json"), "render_json leads by self");
  await answer(page, "By which factor did the CPU of a request fall?", drop.toFixed(2));
  await answer(page, "largest SELF time under handle_hash_cached", await first.getAttribute("data-name"));
  await choice(page, "as much CPU as one sample stands for");
  await choice(page, "shares always add up to the whole");
  await passed(page);
});

story("07.4 through the page: CPU, wall, and only the requests", shared, async (at) => {
  const { page, fake } = at;
  await open(at, "07.4", "1");
  await selectBand(page, "io");
  const burnt = (await frames(page)).find((f) => f.name === "simulate_io")?.total ?? 0;
  assert.ok(burnt <= 20e6, `the CPU profile has at most two samples of it, not ${burnt / 1e7}`);
  await viewed(fake, (a) => a.view === "flamegraph" && a.query.startsWith("process_cpu"));
  await choose(page, "Wall");
  await until(async () => (await frames(page)).some((f) => f.name === "wait_for_work"), "idle workers are there");
  await page.locator("input.add-filter").fill("endpoint=");
  await page.locator(".options li", { hasText: "/api/slow_io" }).first().click();
  await until(async () => {
    const names = (await frames(page)).map((f) => f.name);
    return names.includes("simulate_io") && !names.includes("wait_for_work");
  }, "the filter leaves the requests");
  const waiting = /([\d.]+) threads/.exec(await facts(page))[1];
  await viewed(fake, (a) => a.view === "flamegraph" && a.query.startsWith("wall") && a.query.includes("slow_io"));
  await answer(page, "How many seconds of CPU does simulate_io show?", (burnt / 1e9).toFixed(2));
  await answer(page, "How many requests waited at the same time", waiting);
  await choice(page, "fewer, faster or parallel calls to the disk");
  await choice(page, "Idle workers wait for a request");
  await passed(page);
});

/** The tallest moment of the timeline, from where it is half as high. */
function spikeOf(blocks) {
  const top = blocks.reduce((best, b, i) => (b.perSecond > blocks[best].perSecond ? i : best), 0);
  const high = (i) => blocks[i]?.perSecond > blocks[top].perSecond / 2;
  let [first, last] = [top, top];
  while (high(first - 1)) first--;
  while (high(last + 1)) last++;
  return { from: blocks[first].from, until: blocks[last].until };
}

/** Where on the screen a moment of the timeline is. */
async function timeline(page) {
  const box = await until(() => page.locator("fk-timeline svg").boundingBox(), "the timeline is there");
  const [blocks, range, left, right] = await page.locator("fk-timeline").evaluate((el) => {
    const inside = el.querySelector("line.grid");
    return [el.blocks ?? [], el.props.data.range, Number(inside?.getAttribute("x1")), Number(inside?.getAttribute("x2"))];
  });
  const x = (t) => box.x + left + (right - left) * (t - range.from) / (range.until - range.from);
  return { blocks, range, x, y: box.y + 70, strip: box.y + 12 };
}

/** In the strip of bands a drag begins a new range, whatever lies below. */
async function drag(page, at, from, end) {
  await page.mouse.move(at.x(from), at.strip);
  await page.mouse.down();
  await page.mouse.move(at.x(end), at.strip + 2, { steps: 4 });
  await page.mouse.up();
}

const hms = (ms) => new Date(ms).toTimeString().slice(0, 8);

story("07.5 through the page: the spike is found, compared and marked", shared, async (at) => {
  const { page, fake } = at;
  await openExercise(at, "07.5", "/?from=now-10m", "30");
  await frames(page);
  await page.locator("button.service").click();
  await page.locator(".service-choice", { hasText: "workshop.demo.night" }).click();
  await until(() => param(page, "query")?.includes("workshop.demo.night"), "the night is chosen");
  await until(async () => (await timeline(page)).blocks.some((b) => b.perSecond > 3e8), "its spike is on the timeline");
  assert.equal(await page.locator("g[data-phase]").count(), 0, "its phases are the teacher's to see");
  const here = await timeline(page);
  const spike = spikeOf(here.blocks);
  await drag(page, here, spike.from, spike.until);
  await until(() => /^\d+/.test(param(page, "sel") ?? ""), "the spike is selected");
  await viewed(fake, (a) => a.view === "range" && a.query.includes("night"));
  const first = page.locator("fk-table .table-row").first();
  await until(async () => (await first.textContent()).includes("is_prime_slow"), "the spike's function leads by self");
  const hot = await first.getAttribute("data-name");
  await page.mouse.click(here.x(spike.from), here.y, { button: "right" });
  await page.locator("input[aria-label='What happened']").fill("spike");
  await page.locator(".marker-form button").click();
  await page.locator("g.flag title", { hasText: "spike" }).waitFor({ state: "attached" });
  const flag = await until(() => page.locator("g.flag path").boundingBox(), "its flag is drawn");
  await page.mouse.click(flag.x + 4, flag.y + 4);
  await page.locator(".popup .choice", { hasText: "before and after" }).click();
  await page.locator("fk-difftable .table-row", { hasText: "is_prime_slow" }).first().waitFor();
  await viewed(fake, (a) => a.view === "diff" && a.query.includes("night"));
  await answer(page, "When did the spike begin?", hms(spike.from));
  await answer(page, "largest SELF time during the spike", hot);
  await choice(page, "the other minutes burnt CPU, too");
  await passed(page);
  await at.open(`/?from=now-10m&markers=all&query=${encodeURIComponent(param(page, "leftQuery") ?? param(page, "query"))}`);
  await page.locator("g[data-phase=burst]").waitFor({ state: "attached" });
});
