/** The address is the state: a link shows the same again, Back undoes one action, what is typed is what is asked. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { clickFrame, closeBrowser, frames, story, until } from "./browser.js";
import { CPU, WALL } from "./fake_server.js";
import { HOSTILE } from "./world.js";

after(closeBrowser);

const NOW = 1_800_000_000_000;
const QUERY = `${CPU}{service_name="workshop.demo.app"}`;
const at = (minutes) => String(NOW - minutes * 60e3);
const search = (params) => new URLSearchParams(params).toString();
const params = (page) => Object.fromEntries(new URL(page.url()).searchParams);

/** Links with every parameter that a page has, at values other than the default. */
const LINKS = [
  ["/", { query: QUERY, from: at(4), until: at(1), view: "graph", q: "hash", qm: "filter", color: "kind", o: "flame", sort: "name", tz: "utc", maxNodes: "65536", fold: "kernel", zoom: "" }],
  ["/", { query: QUERY, from: at(4), until: at(0), sel: `${at(3)}-${at(2)}`, view: "both", by: "-total", fn: "compute_hash", color: "self", q: "/prime|hash/" }],
  ["/", { query: `${WALL}{service_name="workshop.demo.app",endpoint!=""}`, from: at(4), until: at(1), view: "sandwich", fn: "simulate_io", fold: "idle,recursion" }],
  ["/comparison-diff", { query: QUERY, leftFrom: at(3), leftUntil: at(2), rightFrom: at(2), rightUntil: at(1), leftQuery: QUERY, rightQuery: `${CPU}{service_name="workshop.demo.app",endpoint="/api/hash"}`, dm: "share", dw: "a", sure: "all", dc: "classic", q: "hash", fold: "libs" }],
  ["/comparison", { query: QUERY, leftFrom: at(3), leftUntil: at(2), rightFrom: at(2), rightUntil: at(1), scale: "common", q: "hash" }],
  ["/explore", { query: QUERY, from: at(4), until: at(1), groupBy: "endpoint" }],
];

/** All that can be seen, and every picture's pixels. */
const seen = (page) => page.evaluate(() => ({
  text: document.body.innerText.replace(/picture is .* old/g, ""),
  pixels: [...document.querySelectorAll("canvas.fg-picture")].map((c) => c.toDataURL()),
  pressed: [...document.querySelectorAll("[aria-pressed], [aria-sort], :checked")].map((e) => `${e.textContent} ${e.ariaPressed} ${e.ariaSort}`),
}));

async function settled(page) {
  await page.waitForLoadState("networkidle");
  await until(() => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(document.getAnimations().length === 0))))), "nothing moves");
}

story("a link with every parameter shows the same pixels and words again, and keeps them all", { world: { now: NOW, frozenAt: NOW } }, async ({ page, open }) => {
  for (const [path, values] of LINKS) {
    const asked = Object.fromEntries(Object.entries(values).filter(([, v]) => v !== ""));
    const looks = [];
    for (let i = 0; i < 2; i++) {
      await open(`${path}?${search(asked)}`);
      await page.locator(path === "/explore" ? ".tags-table tbody tr" : "canvas.fg-picture[data-ready]").first().waitFor({ state: "attached" });
      await settled(page);
      looks.push(await seen(page));
      assert.deepEqual(params(page), asked, path);
      await open("/docs");
    }
    assert.deepEqual(looks[1], looks[0], path);
  }
});

/** Each is one action: what is done, and which parameters it may change. */
const ACTIONS = [
  ["view", (page) => page.locator("button[data-view=tree]").click()],
  ["view", (page) => page.locator("button[data-view=both]").click()],
  ["zoom", (page) => clickFrame(page, "compute_hash")],
  ["q", (page) => page.locator("input.search").pressSequentially("hash")],
  ["qm", (page) => page.locator("button.only").click()],
  ["fn", (page) => page.locator("fk-table .table-row.match").first().click()],
  ["by", (page) => page.locator("button[data-by=total]").click()],
  ["color", (page) => page.locator("select[aria-label='Colours of frames']").selectOption("kind")],
  ["sort", (page) => page.locator("select[aria-label='Order of frames']").selectOption("name")],
  ["o", (page) => page.locator("button[aria-label='Turn the graph over']").click()],
  ["fold", (page) => page.keyboard.press("r")],
  ["sel", (page) => page.locator("g[data-phase=cached] .head").click()],
  ["query", (page) => page.locator("button[data-type^=wall]").click()],
];

story("Back undoes one action, whichever it was", {}, async ({ page, open }) => {
  await open(`/?${search({ query: QUERY })}`);
  await page.locator("fk-table .table-row").first().waitFor();
  await page.locator("button[data-type^=wall]").waitFor();
  const trail = [];
  for (const [name, act] of ACTIONS) {
    await frames(page);
    const before = params(page);
    trail.push(page.url());
    await act(page);
    await until(() => params(page)[name] !== before[name], `${name} is in the address`);
    if (name === "q") await until(() => params(page).q === "hash", "all of it is typed");
    const { [name]: now, ...rest } = params(page);
    const { [name]: old, ...same } = before;
    assert.deepEqual(rest, same, `${name}: ${old} → ${now} changes nothing else`);
    await page.evaluate(() => document.activeElement?.blur());
  }
  for (const url of trail.reverse()) {
    await page.goBack();
    await until(() => page.url() === url, `Back to ${url}, not ${page.url()}`);
  }
  await until(async () => (await frames(page)).some((f) => f.name === "compute_hash"), "and the picture follows");
});

story("a label in the query reaches every request that has a selector", {}, async ({ page, fake, open }) => {
  await open();
  await page.locator("fk-table .table-row").first().waitFor();
  await page.locator("input.add-filter").fill('endpoint="/api/hash"');
  await page.locator("input.add-filter").press("Enter");
  await until(() => params(page).query?.includes('endpoint="/api/hash"'), "it is in the address");
  fake.world.requests.length = 0;
  await page.reload();
  await page.locator("fk-table .table-row").first().waitFor();
  const wire = () => fake.world.requests.filter((r) => /render|SelectSeries/.test(r.path));
  await until(() => ["render", "SelectSeries"].every((p) => wire().some((r) => r.path.includes(p))), "graph and timeline are asked for");
  for (const { path, search: s, body } of wire()) {
    assert.match(s.get("query") ?? JSON.parse(body).labelSelector, /service_name="workshop\.demo\.app", ?endpoint="\/api\/hash"/, path);
  }
  const names = (await frames(page)).map((f) => f.name);
  assert.ok(names.includes("compute_hash") && !names.includes("compute_primes_slow"));
});

const PAGES = [["/?view=tree", "fk-calltree .table-row"], ["/?view=table&by=-total", "fk-table .table-row"], [`/?view=sandwich&fn=${encodeURIComponent(HOSTILE[0])}`, ".middle"],
  [`/?fn=${encodeURIComponent(HOSTILE[1])}`, "fk-details .neighbours"], [`/?fn=${encodeURIComponent(HOSTILE[4])}`, "fk-details .neighbours"],
  ["/diff?dm=absolute", "fk-difftable .table-row"], ["/comparison", ".half canvas[data-ready]"]];

story("no page makes markup of a name, or grows by a long one", { world: { hostile: true } }, async ({ page, open }) => {
  for (const [path, ready] of PAGES) {
    await open(`${path}${path.includes("?") ? "&" : "?"}${search({ query: QUERY })}`);
    await page.locator(ready).first().waitFor({ state: "attached" });
    await page.locator(".trend-place small, main").first().waitFor();
    const found = await page.evaluate(() => ({
      strange: document.querySelectorAll("main img, main script, main b b, body > script").length,
      wide: document.documentElement.scrollWidth - innerWidth,
      turned: [...document.querySelectorAll("main *")].filter((e) => !e.children.length && /[\u202a-\u202e\u2066-\u2069]/.test(e.textContent)).length,
      bare: [...document.querySelectorAll(".table-row bdi")].filter((b) => b.textContent === "").length,
    }));
    assert.deepEqual(found, { strange: 0, wide: Math.min(found.wide, 0), turned: 0, bare: 0 }, path);
    assert.match(await page.title(), /· Flamekit$/);
  }
});
