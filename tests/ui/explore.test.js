/** Stories on the Explore page, told to the page in Chromium. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { clickFrame, closeBrowser, frame, frames, story, until, zoomedTo } from "./browser.js";
import { CPU, WALL } from "./fake_server.js";

after(closeBrowser);

const text = (page, selector) => page.locator(selector).first().textContent();
const param = (page, name) => new URL(page.url()).searchParams.get(name);
const asked = (fake, path) => fake.world.requests.filter((r) => r.path.endsWith(path));
const graphRequests = (fake) => asked(fake, "/pyroscope/render").filter((r) => r.search.get("max-nodes") !== "1");

story("a bare address shows the workshop's service, live", {}, async ({ page, fake, open }) => {
  await open();
  const shown = await frames(page);
  assert.equal(shown[0].name, "total");
  const slow = shown.find((f) => f.name === "compute_primes_slow");
  assert.ok(slow.total / shown[0].total > 0.6);
  assert.ok(Math.abs(slow.width / shown[0].width - slow.total / shown[0].total) < 0.01, "width is share");
  assert.equal(await text(page, "button.service"), "workshop.demo.app");
  assert.equal(param(page, "query"), `${CPU}{service_name="workshop.demo.app"}`);
  assert.equal(param(page, "live"), "5");
  assert.match(await text(page, "fk-facts .sum"), /[\d,]+ samples = [\d.]+ s CPU in 5 min · [\d.]+ cores/);
  assert.match(await text(page, "[data-fact=error]"), /±\d\.\d points at 50 %/);
  const { search } = graphRequests(fake)[0];
  assert.equal(search.get("max-nodes"), "16384");
  assert.equal(search.get("until") - search.get("from"), 300e3);
});

story("the page fits its budget of requests", {}, async ({ page, fake, open }) => {
  let n = 0;
  let needed = 0;
  page.on("request", () => n++);
  page.on("requestfinished", (r) => {
    if (r.url().includes("/pyroscope/render")) needed ||= n;
  });
  await open();
  await frames(page);
  await page.locator("fk-table .table-row").first().waitFor();
  assert.ok(needed > 2 && needed <= 20, `${needed} requests to the first picture`);
  await until(() => asked(fake, "/SelectSeries").length >= 1, "the timeline is asked for too");
});

story("the count of samples of one range never stands beside the total of another", {}, async ({ page, open }) => {
  await open();
  await page.locator("[data-fact=samples]").waitFor();
  const before = await page.locator("[data-fact=total]").textContent();
  let release;
  const held = new Promise((go) => (release = go));
  await page.route((url) => (url.searchParams.get("query") ?? "").startsWith("process_cpu:samples"), async (route) => {
    await held;
    await route.continue();
  });
  await page.locator("g[data-phase=cached] .head").click();
  await until(async () => await page.locator("[data-fact=total]").textContent() !== before, "the phase is shown");
  assert.equal(await page.locator("[data-fact=samples]").count(), 0);
  release();
  await page.locator("[data-fact=samples]").waitFor();
});

story("graph and table share the width as somebody wants, who finds it so again", {}, async ({ page, open }) => {
  await open();
  const bar = page.getByRole("separator", { name: "Width of the table in percent" });
  await bar.waitFor();
  const width = async () => (await page.locator(".table-card").boundingBox()).width;
  const [usual, at] = [await width(), await bar.boundingBox()];
  await page.mouse.move(at.x + at.width / 2, at.y + 60);
  await page.mouse.down();
  await page.mouse.move(at.x + at.width / 2 - 200, at.y + 60, { steps: 4 });
  await page.mouse.up();
  const wider = await width();
  assert.ok(Math.abs(wider - usual - 200) < 20, `${usual} px became ${wider} px`);
  await page.reload();
  await bar.waitFor();
  assert.equal(await width(), wider, "the browser remembers");
  await bar.focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(await width() < wider, "keys move it, too");
  await bar.dblclick();
  assert.equal(await bar.getAttribute("aria-valuenow"), "36");
  const [picture, card] = await Promise.all([".fg-picture", ".graph-card"].map((s) => page.locator(s).boundingBox()));
  assert.ok(picture.width < card.width, "the picture follows");
});

story("click zooms, breadcrumb and Back lead out", {}, async ({ page, open }) => {
  await open();
  await clickFrame(page, "handle_hash");
  await zoomedTo(page, "handle_hash");
  assert.ok(param(page, "zoom"));
  const [root] = await until(async () => {
    const all = await frames(page);
    const wide = all.find((f) => f.name === "compute_hash");
    return wide && wide.width > all[0].width * 0.8 ? all : null;
  }, "the zoomed frame fills the width");
  assert.equal(root.name, "total", "callers stay on the picture");
  await clickFrame(page, "hash_rounds");
  await zoomedTo(page, "hash_rounds");
  await page.goBack();
  await zoomedTo(page, "handle_hash");
  await page.locator("fk-crumbs .crumb", { hasText: "serve_request" }).click();
  await zoomedTo(page, "serve_request");
  await clickFrame(page, "serve_request");
  await zoomedTo(page, "total");
  assert.equal(param(page, "zoom"), null);
});

story("a zoomed link opens the same picture", {}, async ({ page, open }) => {
  await open();
  await clickFrame(page, "compute_hash");
  await zoomedTo(page, "compute_hash");
  await page.reload();
  await zoomedTo(page, "compute_hash");
});

story("search gives its share of all, of self and of the zoom, and one step of Back", {}, async ({ page, open }) => {
  await open();
  await clickFrame(page, "serve_request");
  await zoomedTo(page, "serve_request");
  const { total } = await frame(page, "total");
  const prime = await frame(page, "compute_primes_slow");
  await page.locator("input.search").pressSequentially("primes_slow");
  const answer = page.locator("output.answer");
  await answer.filter({ hasText: /matched [\d.]+ % total, [\d.]+ % self · [\d.]+ % of zoom/ }).waitFor();
  const share = Number(/matched ([\d.]+) %/.exec(await answer.textContent())[1]);
  assert.ok(share >= (prime.total / total) * 100 - 0.1 && share < 90, `${share}`);
  assert.equal(param(page, "q"), "primes_slow");
  await page.locator("button.only").click();
  await until(async () => (await page.locator("fk-table .table-row").count()) === 2, "the table shows matches only");
  await page.goBack();
  await page.goBack();
  await until(async () => param(page, "q") === null, "one step takes the whole word back");
  assert.ok(param(page, "zoom"), "and nothing else");
});

story("a label filter reaches the request, as chip and as text", {}, async ({ page, fake, open }) => {
  await open();
  await frames(page);
  const field = page.locator("input.add-filter");
  await field.fill("endp");
  await page.locator(".options li", { hasText: "endpoint" }).click();
  await page.locator(".options li", { hasText: "/api/hash_cached" }).click();
  await page.locator(".chip", { hasText: "endpoint=/api/hash_cached" }).waitFor();
  const wanted = `${CPU}{service_name="workshop.demo.app",endpoint="/api/hash_cached"}`;
  assert.equal(param(page, "query"), wanted);
  await until(() => graphRequests(fake).at(-1).search.get("query") === wanted, "the request carries the filter");
  await until(async () => !(await frames(page)).some((f) => f.name === "compute_primes_slow"), "the picture is filtered");
  const series = () => JSON.parse(asked(fake, "/SelectSeries").at(-1).body).labelSelector;
  await until(() => series() === '{service_name="workshop.demo.app",endpoint="/api/hash_cached"}', "the timeline too");
  await page.locator("fk-filter button[title='Edit the query as text']").click();
  const line = page.locator(".query-text input");
  await line.fill('{service_name="workshop.demo.app",endpoint=~');
  await line.press("Enter");
  await page.locator(".query-text .wrong", { hasText: "At character" }).waitFor();
  await line.fill('{service_name="workshop.demo.app",endpoint=~"/api/primes.*"}');
  await line.press("Enter");
  await page.locator(".chip", { hasText: "endpoint=~/api/primes.*" }).waitFor();
  await page.locator(".chip-close").click();
  await until(() => graphRequests(fake).at(-1).search.get("query") === `${CPU}{service_name="workshop.demo.app"}`, "removed again");
});

story("dragging on the timeline narrows the graph and not the window", {}, async ({ page, fake, open }) => {
  await open();
  await page.locator("fk-timeline[data-points]").waitFor();
  await page.locator("fk-timeline path.area[d^=M]").waitFor({ state: "attached" });
  const box = await page.locator("fk-timeline svg").boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 70);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 72, { steps: 4 });
  await page.mouse.up();
  const [from, to] = (await until(() => param(page, "sel"), "the selection is in the address")).split("-").map(Number);
  assert.ok(to - from > 20e3 && to - from < 45e3, `${to - from} ms`);
  await until(() => {
    const { search } = graphRequests(fake).at(-1);
    return Number(search.get("from")) === from && Number(search.get("until")) === to;
  }, "the graph is of the selection");
  assert.equal(param(page, "from"), null, "the outer window stays");
  const seen = await until(() => fake.world.activity.find((a) => a.view === "range"), "the server was told");
  assert.deepEqual([seen.from, seen.until], [from, to]);
  await page.locator(".clear-selection").click();
  await until(() => param(page, "sel") === null, "cleared");
});

story("a click on a band selects its phase", {}, async ({ page, fake, open }) => {
  await open();
  await page.locator("g[data-phase=uncached] .head").click();
  await until(() => param(page, "sel") === "phase:uncached", "the phase is in the address");
  const phase = fake.world.phases.find((p) => p.data.phase === "uncached");
  await until(() => Number(graphRequests(fake).at(-1).search.get("from")) === phase.timestamp, "its range is asked for");
  assert.equal(await page.locator(".flag.deploy").count(), 1);
  await page.locator("body").press("]");
  await until(() => param(page, "sel") === "phase:mixed", "] selects the next phase");
  await page.reload();
  await until(() => Number(graphRequests(fake).at(-1).search.get("from")) === fake.world.phases[3].timestamp, "the link means the phase");
});

story("live refresh repaints, keeps the zoom, and stops when it is off", {}, async ({ page, fake, open }) => {
  await open(`/?query=${encodeURIComponent(`${CPU}{service_name="workshop.demo.app"}`)}&live=1`);
  await clickFrame(page, "compute_hash");
  await zoomedTo(page, "compute_hash");
  fake.world.perSecond = 3;
  const before = await text(page, "[data-fact=total]");
  await until(async () => (await text(page, "[data-fact=total]")) !== before, "the number changes");
  await zoomedTo(page, "compute_hash");
  await page.locator("button.live").click();
  await until(() => param(page, "live") === null, "live is off");
  const n = graphRequests(fake).length;
  await page.locator("g[data-phase=cached] .head").click();
  await until(() => graphRequests(fake).length === n + 1, "only what a person asks for is asked");
});

story("CPU to wall keeps the filter and tells the server", {}, async ({ page, fake, open }) => {
  await open();
  await frames(page);
  await page.locator(`button[data-type="${WALL}"]`).click();
  await until(async () => (await frames(page)).some((f) => f.name === "wait_for_work"), "the wall profile is shown");
  await until(() => fake.world.activity.some((a) => a.view === "profile" && a.query.startsWith(WALL)), "the server was told");
  assert.match(await text(page, "fk-facts .sum"), /waiting or running/);
});

for (const path of ["/", "/?q=hash&fn=compute_hash", "/comparison", "/diff"]) {
  story(`the picture stays where it was painted: ${path}`, {}, async ({ page, open }) => {
    await page.addInitScript(() => {
      window.places = new Set();
      const look = () => {
        const painted = document.querySelector("canvas.fg-picture[data-ready]");
        if (painted) window.places.add(painted.getBoundingClientRect().y);
        requestAnimationFrame(look);
      };
      look();
    });
    await open(path);
    await page.locator("canvas.fg-picture[data-ready]").first().waitFor({ state: "attached" });
    await page.waitForLoadState("networkidle");
    assert.match((await page.evaluate(() => [...window.places])).join(" then "), /^[0-9.]+$/);
  });
}

story("what was looked at is posted", {}, async ({ page, fake, open }) => {
  await open();
  await clickFrame(page, "compute_primes_slow");
  await page.locator("input.search").fill("hash");
  const has = (view) => until(() => fake.world.activity.find((a) => a.view === view), `${view} was posted`);
  const seen = await has("flamegraph");
  assert.equal(seen.query, `${CPU}{service_name="workshop.demo.app"}`);
  assert.ok(seen.until - seen.from === 300e3);
  await has("table");
  assert.equal((await has("zoom")).focus, "compute_primes_slow");
  assert.equal((await has("search")).detail.q, "hash");
});

story("table: sorting, choosing, callers", {}, async ({ page, open }) => {
  await open();
  const first = page.locator("fk-table .table-row").first();
  await first.filter({ hasText: "is_prime_slow" }).waitFor();
  await page.locator("button[data-by=total]").click();
  await first.filter({ hasText: "main" }).waitFor();
  assert.equal(param(page, "by"), "-total");
  await page.locator("button[data-by=total]").click();
  await until(() => param(page, "by") === "total", "the other way round");
  await page.goBack();
  await page.locator("fk-table .table-row", { hasText: "compute_hash" }).click();
  const details = page.locator("fk-details");
  await details.filter({ hasText: "Called by" }).waitFor();
  assert.match(await details.textContent(), /handle_hash/);
  assert.match(await details.textContent(), /hash_rounds/);
  assert.equal(param(page, "fn"), "compute_hash");
});

story("tree: the picture as text", {}, async ({ page, open }) => {
  await open();
  await frames(page);
  await page.locator("button[data-view=tree]").click();
  const row = page.locator("fk-calltree .table-row", { hasText: "is_prime_slow" });
  await row.waitFor();
  assert.match(await row.textContent(), /\d+\.\d %/);
  await page.locator("fk-calltree .table-row").first().press("ArrowLeft");
  await until(async () => (await row.count()) === 0, "closed with the keyboard");
});

story("a hidden tree stays as it was when another picture comes", {}, async ({ page, fake, open }) => {
  await open();
  await frames(page);
  await page.locator("button[data-view=tree]").click();
  await page.locator("fk-calltree .table-row", { hasText: "is_prime_slow" }).waitFor();
  await page.locator("button[data-view=graph]").click();
  fake.world.graph = { names: ["total", "alone"], numTicks: 5e9, maxSelf: 5e9, levels: [[0, 5e9, 0, 0], [0, 5e9, 5e9, 1]] };
  await page.locator("button[data-type^=wall]").click();
  await until(async () => (await frames(page)).some((f) => f.name === "alone"), "the other picture");
  await page.locator("fk-calltree .table-scroll").evaluate((el) => el.dispatchEvent(new Event("scroll")));
  await page.locator("button[data-view=tree]").click();
  await page.locator("fk-calltree .table-row", { hasText: "alone" }).waitFor();
});

story("keys: frames, zoom, turning over, views, help", {}, async ({ page, open }) => {
  await open();
  const root = await frame(page, "total");
  await page.locator("fk-table .table-row").first().waitFor(); // the keys come with the table
  await page.locator("canvas.fg-overlay").focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  await page.locator("fk-flamegraph [aria-live]").filter({ hasText: "serve_request, " }).waitFor({ state: "attached" });
  assert.match(await text(page, "fk-flamegraph [aria-live]"), /[\d.]+ % total, [\d.]+ % self, depth 5, 1 of 1 siblings/);
  await page.keyboard.press("Enter");
  await zoomedTo(page, "serve_request");
  await page.keyboard.press("Escape");
  await zoomedTo(page, "worker_run");
  await page.keyboard.press("0");
  await zoomedTo(page, "total");
  await page.keyboard.press("i");
  await until(async () => (await frame(page, "total")).y > root.y, "the root is at the bottom");
  assert.equal(param(page, "o"), "flame");
  await page.keyboard.press("3");
  await until(() => param(page, "view") === "table", "3 is the table");
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("/");
  await page.keyboard.type("i0");
  await until(() => param(page, "q") === "i0", "keys are text while typing");
  assert.equal(param(page, "o"), "flame");
});

story("the time panel: presets and a typed range", {}, async ({ page, fake, open }) => {
  await open();
  await frames(page);
  await page.locator("button.when").click();
  await page.locator(".choice", { hasText: "Last 15 min" }).click();
  await until(() => param(page, "from") === "now-15m", "the preset is in the address");
  await page.locator("button.when").click();
  await page.locator("[aria-label=From]").fill("half past nine");
  await page.locator(".own-range button").click();
  await page.locator(".own-range .wrong", { hasText: "is no time I know" }).waitFor();
  await page.locator("[aria-label=From]").fill("now-2m");
  await page.locator(".own-range button").click();
  await until(() => {
    const { search } = graphRequests(fake).at(-1);
    return search.get("until") - search.get("from") === 120e3;
  }, "two minutes are asked for");
});

story("exports: pprof in the wire's form, a link with fixed times", { page: { permissions: ["clipboard-read", "clipboard-write"] } }, async ({ page, fake, open }) => {
  await open();
  await frames(page);
  const choose = async (what) => {
    await page.locator("fk-tools button", { hasText: "Export" }).click();
    await page.locator(".choice", { hasText: what }).click();
  };
  const saved = page.waitForEvent("download");
  await choose("pprof");
  assert.match((await saved).suggestedFilename(), /^workshop\.demo\.app-process_cpu-.*\.pb\.gz$/);
  assert.ok(asked(fake, "/SelectMergeProfile")[0].body.includes(CPU));
  await choose("Link");
  await page.locator(".said", { hasText: "Copied the link" }).waitFor();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  assert.match(link.searchParams.get("from"), /^\d{13}$/);
  await choose("curl");
  await until(async () => (await page.evaluate(() => navigator.clipboard.readText())).startsWith("curl -sG"), "the curl line is copied");
});

story("the status page: who sends, what was lost", {}, async ({ page, open }) => {
  await open("/status");
  await page.locator(".status[data-ready]").waitFor();
  assert.match(await text(page, ".status"), /run r-7f3a91c2[\s\S]*workshop\.demo\.app[\s\S]*sending[\s\S]*flamekit_dropped_samples/);
  await page.locator("header nav a", { hasText: "Explore" }).click();
  await frames(page);
  await page.goBack();
  await page.locator(".status[data-ready]").waitFor();
});
