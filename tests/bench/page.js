/**
 * What a person waits for on the page: first paint and first picture, the
 * longest task while it loads, search, table, sorting, the memory it holds.
 * First paint stands beside an empty page in the same browser and run.
 * Prints: bench NAME VALUE UNIT goal GOAL ok|short
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tools = fileURLToPath(new URL("../ui/node_modules/playwright-core", import.meta.url));
if (!existsSync(tools)) {
  process.stderr.write("SKIP page bench: run sh tests/ui/install.sh first\n");
  process.exit(process.env.CI ? 1 : 0);
}
process.env.FK_BUILD ??= "build/release"; // the page as it is served
const { closeBrowser, frames, launch } = await import("../ui/browser.js");
const { randomGraph, startFake } = await import("../ui/fake_server.js");

const LOADS = 5;
const ROUNDS = 9;
const DEPTH = 10000;
const QUERY = "/?query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name=\"workshop.demo.app\"}";
const VIEWPORT = { width: 1440, height: 900 };
const TRACED = ["disabled-by-default-devtools.timeline", "__metadata"];
/** size, nodes, goals: ms to the picture, ms of the longest task, MB of heap */
const SIZES = [["16k", 16384, 700, 50, 40], ["100k", 100000, 900, 100, 40], ["1m", 1000000, null, null, 120]];

const least = (list) => Math.min(...list);

function report(name, value, unit, goal) {
  process.stdout.write(`bench ${name} ${value.toFixed(3)} ${unit} goal ${goal} ${value <= goal ? "ok" : "short"}\n`);
}

/** ms of CPU of the longest task of the page's main thread. */
function longestTask(trace) {
  const { traceEvents } = JSON.parse(trace);
  const main = new Set(traceEvents.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map((e) => `${e.pid} ${e.tid}`));
  const tasks = traceEvents.filter((e) => /RunTask$/.test(e.name) && main.has(`${e.pid} ${e.tid}`));
  return Math.max(0, ...tasks.map((e) => (e.tdur ?? e.dur ?? 0) / 1000));
}

/** One cold load: paint, picture, longest task. */
async function load(browser, url) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_, watch) => {
      if (!document.querySelector("canvas.fg-picture[data-ready]")) return;
      watch.disconnect();
      window.pictureAt = performance.now();
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
  });
  await browser.startTracing(page, { categories: TRACED });
  await page.goto(url);
  await frames(page);
  await page.locator("fk-table .table-row").first().waitFor();
  const trace = await browser.stopTracing();
  const times = await page.evaluate(() => ({ picture: window.pictureAt,
    server: Math.max(...performance.getEntriesByType("resource").filter((e) => e.name.includes("/pyroscope/render?")).map((e) => e.responseEnd - e.requestStart).slice(0, 1)),
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN }));
  await context.close();
  return { paint: times.paint, picture: times.picture - times.server, longest: longestTask(trace.toString()) };
}

async function loads(browser, url) {
  const all = [];
  for (let i = 0; i < LOADS; i++) all.push(await load(browser, url));
  return { paint: least(all.map((x) => x.paint)), picture: least(all.map((x) => x.picture)), longest: least(all.map((x) => x.longest)) };
}

async function emptyPaint(browser) {
  const times = [];
  for (let i = 0; i < LOADS; i++) {
    const context = await browser.newContext({ viewport: VIEWPORT });
    const page = await context.newPage();
    await page.goto("data:text/html,<p>nothing");
    times.push(await page.evaluate(() => new Promise((done) => {
      new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime)).observe({ type: "paint", buffered: true });
    })));
    await context.close();
  }
  return least(times);
}

/** Runs in the page: search over all names, the table's numbers, sorting them, a hit test. */
async function inPage(graph, rounds) {
  const base = [...document.scripts].find((s) => s.src).src;
  const at = (name) => import(new URL(name, base).href);
  const [{ compile, mark }, { coverage }, { functions }] = [await at("search.js"), await at("coverage.js"), await at("flamebearer.js")];
  const { profile } = graph.props;
  const time = (what) => Math.min(...Array.from({ length: rounds }, () => {
    const begun = performance.now();
    what();
    return performance.now() - begun;
  }));
  const rows = functions(profile);
  return {
    search: time(() => coverage(profile, mark(profile.names, compile("/func.*[a-f]$/").test))),
    table: time(() => functions(profile)),
    sort: time(() => [...rows].sort((a, b) => b.total - a.total)),
    hit: time(() => {
      for (let i = 0; i < 1000; i++) graph.frameAt(i % 700, (i * 7) % 400);
    }),
  };
}

/** Runs in the page: the time between frames of a zoom there and back that 95 % stay below, on the calmest of some. */
async function zooms(graph, { wide, rounds }) {
  const frame = () => new Promise(requestAnimationFrame);
  let best = Infinity;
  for (let i = 0; i < rounds; i++) {
    const times = [await frame()];
    for (const node of [wide[i % wide.length], { level: 0, index: 0 }]) {
      graph.emit("fk-zoom", { node });
      do times.push(await frame()); while (graph.moving || times.length < 4);
    }
    const between = times.slice(1).map((t, k) => t - times[k]).sort((a, b) => a - b);
    best = Math.min(best, between[Math.ceil(between.length * 0.95) - 1]);
  }
  return best;
}

/** Runs in the page: the same while nothing moves, as the machine has it. */
async function stills() {
  const times = [];
  for (let i = 0; i < 40; i++) times.push(await new Promise(requestAnimationFrame));
  return times.slice(1).map((t, k) => t - times[k]).sort((a, b) => a - b)[Math.ceil(39 * 0.95) - 1];
}

/** The time between frames depends on who else is at work; what a frame costs does not. */
async function zoom(browser, page) {
  process.stdout.write(`# frames of a page that stands still: ${(await page.evaluate(stills)).toFixed(1)} ms\n`);
  const wide = (await frames(page)).filter((f) => f.level > 3).sort((a, b) => b.width - a.width).slice(0, 2);
  await browser.startTracing(page, { categories: TRACED });
  report("page_zoom_p95", await page.locator("fk-flamegraph").evaluate(zooms, { wide, rounds: ROUNDS }), "ms", 25);
  report("page_zoom_longest_task", longestTask((await browser.stopTracing()).toString()), "ms", 25);
}

/** Runs in the page: frames from a moved pointer to the words about what is below it. */
async function hovers(graph) {
  const tip = document.querySelector("fk-tip");
  const [first, second] = graph.visibleFrames().filter((f) => f.level === 2);
  const words = () => (tip.hidden ? "" : tip.textContent);
  let most = 0;
  for (const f of [first, second, first]) {
    const before = words();
    const box = graph.overlay.getBoundingClientRect();
    graph.overlay.dispatchEvent(new PointerEvent("pointermove", { clientX: box.x + f.x + f.width / 2, clientY: box.y + f.y + f.height / 2 }));
    let count = 0;
    for (; words() === before && count < 60; count++) await new Promise(requestAnimationFrame);
    most = Math.max(most, count);
  }
  return most;
}

/** One stack as deep as that. */
function deepGraph(rows) {
  const levels = Array.from({ length: rows }, (_, l) => [0, 1000, l === rows - 1 ? 1000 : 0, l ? 1 + (l % 2) : 0]);
  return { names: ["total", "even", "odd"], levels, numTicks: 1000, maxSelf: 1000 };
}

/** Runs in the page: the slowest redraw of a scroll to the end (the fastest of some, at each place), and the deepest row there. */
async function scrollDown(graph, rounds) {
  let slowest = 0;
  for (let i = 1; i <= rounds; i++) {
    graph.scroller.scrollTop = (graph.scroller.scrollHeight * i) / rounds;
    await new Promise((done) => graph.addEventListener("fk-painted", done, { once: true }));
    slowest = Math.max(slowest, Math.min(...Array.from({ length: rounds }, () => {
      graph.draw();
      return graph.stats().ms;
    })));
  }
  return { slowest, deepest: Math.max(...graph.visibleFrames().map((f) => f.level)) };
}

async function depth(browser) {
  const fake = await startFake({ graph: deepGraph(DEPTH) });
  const page = await browser.newPage({ viewport: VIEWPORT });
  await page.goto(`${fake.url}${QUERY}&view=graph`);
  await frames(page);
  const { slowest, deepest } = await page.locator("fk-flamegraph").evaluate(scrollDown, ROUNDS);
  report("page_rows_missing_of_10k", DEPTH - 1 - deepest, "rows", 0);
  report("page_redraw_10k_rows", slowest, "ms", 8);
  await page.close();
  await fake.close();
}

/** MB after a collection: the heap, and what arrays of numbers hold beside it. */
async function heap(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await cdp.send("Runtime.getHeapUsage");
  return (usedSize + backingStorageSize) / 2 ** 20;
}

const browser = await launch();
for (const [name, nodes, pictureMs, taskMs, heapMb] of SIZES) {
  const fake = await startFake({ graph: randomGraph(nodes) });
  if (pictureMs) {
    const found = await loads(browser, fake.url + QUERY);
    if (name === "16k") {
      const empty = await emptyPaint(browser);
      report("page_first_paint", found.paint, "ms", 300);
      process.stdout.write(`# an empty page: ${empty.toFixed(0)} ms\n`);
    }
    report(`page_picture_${name}`, found.picture, "ms", pictureMs);
    report(`page_longest_task_${name}`, found.longest, "ms", taskMs);
  }
  const page = await browser.newPage({ viewport: VIEWPORT });
  page.setDefaultTimeout(120e3);
  await page.goto(fake.url + QUERY);
  await frames(page);
  await page.locator("fk-table .table-row").first().waitFor();
  if (name === "100k") {
    const { search, table, sort, hit } = await page.locator("fk-flamegraph").evaluate(inPage, ROUNDS);
    report("page_search_100k", search, "ms", 20);
    report("page_table_100k", table, "ms", 30);
    report("page_sort_100k", sort, "ms", 20);
    report("page_hit_test", hit, "us", 2);
    await zoom(browser, page);
    report("page_hover", await page.locator("fk-flamegraph").evaluate(hovers), "frames", 1);
  }
  report(`page_heap_${name}`, await heap(page), "MB", heapMb);
  await page.close();
  await fake.close();
}
await depth(browser);
await closeBrowser();
