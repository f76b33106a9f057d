/** Stories on what Explore leaves out, turns round and asks for again. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { clickFrame, closeBrowser, frame, frames, story, until, zoomedTo } from "./browser.js";
import { SAMPLES, WALL, CPU } from "./fake_server.js";
import { encodePprof } from "./world.js";

after(closeBrowser);

const param = (page, name) => new URL(page.url()).searchParams.get(name);
const names = async (page) => (await frames(page)).map((f) => f.name);

story("folding: libraries and the kernel go to their callers, by menu and by key", {}, async ({ page, open }) => {
  await open();
  const { total } = await frame(page, "total");
  await page.locator("button", { hasText: /^Fold/ }).click();
  await page.locator(".fold-choice", { hasText: "libs" }).click();
  await until(() => param(page, "fold") === "libs", "in the address");
  await until(async () => !(await names(page)).includes("MHD_start_daemon"), "the library's frames are gone");
  assert.equal((await frame(page, "total")).total, total, "and their time is not");
  await page.keyboard.press("Escape");
  await page.keyboard.press("r");
  await until(() => param(page, "fold") === "libs,recursion", "r folds recursion");
  await page.goBack();
  await page.goBack();
  await until(async () => (await names(page)).includes("MHD_start_daemon"), "Back unfolds");
});

story("requests only: one click leaves waiting threads out and asks for endpoints", {}, async ({ page, fake, open }) => {
  await open(`/?query=${encodeURIComponent(`${WALL}{service_name="workshop.demo.app"}`)}`);
  await until(async () => (await names(page)).includes("wait_for_work"), "idle threads fill the picture");
  await page.locator("button", { hasText: "requests only" }).click();
  await until(async () => !(await names(page)).includes("wait_for_work"), "they are gone");
  assert.match(param(page, "query"), /endpoint!=""/);
  await until(() => fake.world.requests.some((r) => r.path.endsWith("/render") && r.search.get("query").includes('endpoint!=""')), "the server is asked for requests");
  await page.locator("button", { hasText: "requests only" }).click();
  await until(() => !param(page, "query").includes("endpoint") && !param(page, "fold"), "one click undoes it");
});

story("sandwich: all callers and callees; a click makes another the middle", {}, async ({ page, open }) => {
  await open("/?fn=compute_hash&view=sandwich");
  await page.locator(".middle", { hasText: "compute_hash" }).waitFor();
  const of = (which) => page.locator(`fk-flamegraph.${which}`).evaluate((el) => el.visibleFrames().map((f) => f.name));
  await page.locator(".callers canvas[data-ready]").waitFor({ state: "attached" });
  await until(async () => (await of("callers")).includes("handle_hash_cached"), "every caller is there");
  assert.ok((await of("callees")).includes("hash_rounds"));
  const f = (await page.locator("fk-flamegraph.callees").evaluate((el) => el.visibleFrames())).find((x) => x.name === "hash_rounds");
  await page.locator("fk-flamegraph.callees canvas.fg-overlay").click({ position: { x: f.x + 9, y: f.y + 9 } });
  await page.locator(".middle", { hasText: "hash_rounds" }).waitFor();
  assert.equal(param(page, "fn"), "hash_rounds");
});

story("fold one function: from the menu of its frame, and back in the list of folds", {}, async ({ page, open }) => {
  await open();
  const { total } = await frame(page, "total");
  await clickFrame(page, "compute_hash", { button: "right" });
  await page.locator(".choice", { hasText: "Fold this function" }).click();
  await until(() => param(page, "fold") === "fn:compute_hash", "in the address");
  await until(async () => !(await names(page)).includes("compute_hash"), "its frames are gone");
  assert.ok((await names(page)).includes("hash_rounds"), "what it calls is not");
  assert.equal((await frame(page, "total")).total, total, "nor its time");
  await page.locator("button", { hasText: "Fold: compute_hash" }).click();
  await page.locator(".fold-choice", { hasText: "counted to its callers" }).locator("input").uncheck();
  await until(async () => (await names(page)).includes("compute_hash"), "it is back");
  assert.equal(param(page, "fold"), null);
});

const WHOLE = encodePprof([[["main", "serve", "small", "hash_rounds"], 30], [["main", "serve", "hash_rounds"], 50], [["main", "hash_rounds", "tiny"], 1]]);
story("the sandwich of a picture that was cut is made of all stacks", { world: { pprof: WHOLE } }, async ({ page, open }) => {
  await open("/?maxNodes=12&view=sandwich&fn=hash_rounds");
  await page.locator(".middle", { hasText: "total 81.0 ns (100.0 %), self 80.0 ns" }).waitFor();
  const of = (which) => page.locator(`fk-flamegraph.${which}`).evaluate((el) => el.visibleFrames().map((f) => f.name));
  await until(async () => (await of("callers")).includes("small") && (await of("callees")).includes("tiny"), "small callers and callees are there");
  assert.equal(await page.locator(".middle small").count(), 0);
});

story("where all stacks cannot be had, the sandwich says what is missing", {}, async ({ page, open }) => {
  await open("/?maxNodes=12&view=sandwich&fn=serve_request");
  await page.locator(".middle small", { hasText: "what the server merged" }).waitFor();
});

story("zoom asks again for the part that the budget cut", {}, async ({ page, fake, open }) => {
  await open("/?maxNodes=12");
  assert.ok((await names(page)).includes("other"));
  await clickFrame(page, "serve_request");
  await zoomedTo(page, "serve_request");
  const asked = await until(() => fake.world.requests.find((r) => r.path.endsWith("SelectMergeStacktraces")), "the part is asked for");
  const { stackTraceSelector } = JSON.parse(asked.body);
  assert.equal(stackTraceSelector.callSite.at(-1).name, "serve_request");
  await until(async () => (await names(page)).includes("handle_hash"), "finer frames appear");
  await zoomedTo(page, "serve_request");
});

story("Ctrl and the wheel zoom about the pointer; the overview drags", {}, async ({ page, open }) => {
  await open();
  const whole = await frame(page, "handle_hash");
  const box = await page.locator("canvas.fg-overlay").boundingBox();
  await page.locator("fk-overview").waitFor({ state: "attached" });
  await page.mouse.move(box.x + whole.x + whole.width / 2, box.y + 40);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -400);
  await page.keyboard.up("Control");
  await page.locator("fk-overview:not([hidden])").waitFor();
  const near = await frame(page, "handle_hash");
  assert.ok(near.width > whole.width * 1.5, `${near.width} after ${whole.width}`);
  const strip = await page.locator("fk-overview").boundingBox();
  await page.mouse.click(strip.x + 5, strip.y + 20);
  await until(async () => (await page.locator("fk-flamegraph").first().evaluate((el) => el.view.x0)) === 0, "the part is at the left end");
  await page.keyboard.press("0");
});

story("the service panel: narrowed by typing, with the last hour", { world: { services: {
  "workshop.demo.app": [CPU, SAMPLES], "shop.cart": [CPU, SAMPLES], "shop.pay": [CPU, SAMPLES] } } }, async ({ page, open }) => {
  await open();
  await frames(page);
  await page.locator("button.service").click();
  await page.locator(".service-choice .spark").nth(2).waitFor();
  assert.match(await page.locator(".service-choice").first().textContent(), /sending now/);
  await page.locator(".service-search").fill("pay");
  await until(async () => (await page.locator(".service-choice").count()) === 1, "narrowed");
  await page.keyboard.press("Enter");
  await until(() => param(page, "query").includes('service_name="shop.pay"'), "chosen");
});

story("fewer than 30 samples: the picture is hatched", { world: { perSecond: 0.008 } }, async ({ page, open }) => {
  await open();
  await page.locator("[data-fact=few]").waitFor();
  await until(() => page.locator("fk-flamegraph").first().evaluate((el) => el.props.hatch), "hatched");
});

story("keys a, b and d: two selections and their difference", {}, async ({ page, open }) => {
  await open();
  await page.locator("g[data-phase=cached] .head").click();
  await until(() => param(page, "sel") === "phase:cached", "selected");
  await page.locator(".fact.main").waitFor();
  await page.keyboard.press("a");
  await until(() => param(page, "leftFrom") === "phase:cached", "A is set");
  await page.keyboard.press("]");
  await until(() => param(page, "sel") === "phase:uncached", "the next phase");
  await page.keyboard.press("b");
  await until(() => param(page, "rightFrom") === "phase:uncached", "B is set");
  await page.keyboard.press("d");
  await page.locator(".spoken", { hasText: "Per request" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await page.locator(".fact.main").waitFor();
});

story("y copies the link", { page: { permissions: ["clipboard-read", "clipboard-write"] } }, async ({ page, open }) => {
  await open();
  await page.locator(".fact.main").waitFor();
  await page.keyboard.press("y");
  await page.locator(".said", { hasText: "Copied the link" }).waitFor();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  assert.match(link.searchParams.get("until"), /^\d{13}$/);
});

story("inverted: leaf first, the same table; the legend marks a kind", {}, async ({ page, open }) => {
  await open("/?by=-self");
  const row = () => page.locator("fk-table .table-row").first().textContent();
  await page.locator("fk-table .table-row").first().filter({ hasText: "is_prime_slow" }).waitFor();
  const before = await row();
  await page.locator("fk-tools button", { hasText: /^Fold/ }).click();
  await page.locator(".fold-choice", { hasText: "inverted" }).locator("input").check();
  const second = () => frames(page).then((all) => all.filter((f) => f.level === 1).sort((a, b) => b.width - a.width)[0].name);
  await until(async () => (await second()) === "is_prime_slow", "what used the time is on top");
  await page.keyboard.press("Escape");
  assert.equal((await row()).replace(/[\d.,]+/g, ""), before.replace(/[\d.,]+/g, ""));
  await page.locator("fk-legend button", { hasText: "kernel" }).click();
  await page.locator("output.answer", { hasText: /matched [\d.]+ % total, [\d.]+ % self/ }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), "kind:kernel");
  await page.locator("fk-legend button[aria-pressed=true]", { hasText: "kernel" }).click();
  await until(() => !new URL(page.url()).searchParams.has("q"), "a second click takes it back");
});
