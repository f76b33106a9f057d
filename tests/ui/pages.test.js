/** Stories on tags, files, documents and what can be taken away. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { clickFrame, closeBrowser, frames, launch, story, until, zoomedTo } from "./browser.js";

after(closeBrowser);

const param = (page, name) => new URL(page.url()).searchParams.get(name);
const upload = (page, i, name, text) => page.locator("input[type=file]").nth(i).setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });

story("tags: a table by label; a click compares with all others", {}, async ({ page, fake, open }) => {
  await open("/explore");
  const row = page.locator(".tags-table tr", { hasText: "/api/primes_slow" });
  await row.waitFor();
  assert.match(await row.textContent(), /\d+\.\d %/);
  assert.ok(fake.world.requests.some((r) => r.path.endsWith("SelectSeries") && JSON.parse(r.body).groupBy?.[0] === "endpoint"));
  await row.locator("button.link").click();
  await page.locator(".spoken", { hasText: "shares" }).waitFor();
  assert.match(param(page, "leftQuery"), /endpoint!="\/api\/primes_slow"/);
  assert.match(param(page, "rightQuery"), /endpoint="\/api\/primes_slow"/);
  await page.goBack();
  await row.locator("button", { hasText: "only this" }).click();
  await page.locator(".chip", { hasText: "endpoint=/api/primes_slow" }).waitFor();
});

story("tags: Shift-click two values", {}, async ({ page, open }) => {
  await open("/tags?groupBy=endpoint");
  const value = (name) => page.locator(`tr[data-value="${name}"] button.link`);
  await value("/api/hash").click({ modifiers: ["Shift"] });
  await page.locator('tr[aria-selected="true"]', { hasText: "/api/hash" }).waitFor();
  await value("/api/hash_cached").click({ modifiers: ["Shift"] });
  await until(() => param(page, "leftQuery")?.includes('endpoint="/api/hash"'), "the first is A");
  assert.match(param(page, "rightQuery"), /hash_cached/);
});

story("a file: graph, table and search; a second file: the difference", {}, async ({ page, open }) => {
  await open("/adhoc");
  await upload(page, 0, "a.folded", "main;work;hash 700\nmain;work;json 300\n");
  await until(async () => (await frames(page)).some((f) => f.name === "hash"), "drawn");
  await page.locator("fk-table .table-row", { hasText: "hash" }).waitFor();
  await page.locator("input.search").fill("json");
  await page.locator("output.answer", { hasText: "matched 30.0 %" }).waitFor();
  await page.locator("input.search").fill("");
  await upload(page, 1, "b.folded", "main;work;hash 1400\nmain;work;json 310\nmain;log 200\n");
  await page.locator(".spoken", { hasText: "shares" }).waitFor();
  await page.locator("fk-difftable .table-row", { hasText: "log" }).waitFor();
  await page.locator(".slot.left button", { hasText: "remove" }).click();
  await until(async () => (await frames(page)).some((f) => f.name === "log"), "the other alone");
  await upload(page, 0, "x.bin", "{broken");
  await page.locator(".wrong", { hasText: "x.bin: This looks like JSON" }).waitFor();
});

story("a file dropped on Explore opens the Ad hoc page", {}, async ({ page, open }) => {
  await open();
  await page.locator(".fact.main").waitFor();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["main;dropped 5\n"], "d.folded"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await until(async () => new URL(page.url()).pathname === "/adhoc" && (await frames(page)).some((f) => f.name === "dropped"), "read");
});

story("docs: the glossary, and a card for a name", {}, async ({ page, open }) => {
  await open("/docs#self");
  await page.locator(".glossary dt", { hasText: "Self" }).waitFor();
  await page.locator(".docs input.search").fill("_int_malloc");
  await page.locator(".explain", { hasText: "piece of memory" }).waitFor();
});

story("docs: the glossary prints on one sheet", {}, async ({ page, open }) => {
  await open("/docs");
  await page.locator(".glossary dt").last().waitFor();
  for (const format of ["A4", "Letter"]) {
    const pdf = (await page.pdf({ format })).toString("latin1");
    assert.equal(pdf.match(/\/Type\s*\/Page\b/g)?.length, 1, `sheets of ${format}`);
  }
});

story("explain this frame: e on a focused frame, and question marks beside numbers", {}, async ({ page, open }) => {
  await open();
  await page.locator(".fact.main").waitFor();
  await page.locator("[data-fact=cores] .why").click();
  await page.locator(".popup", { hasText: "CPU seconds per second" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("canvas.fg-overlay").focus();
  for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("e");
  await page.locator(".explain", { hasText: "trying every divisor" }).waitFor();
});

/** Where there are question marks, and what brings them. */
const MARKED = [
  ["/?q=hash&fn=compute_hash", ".details-head .why"], ["/?view=tree", "fk-calltree .why"], ["/?view=sandwich&fn=compute_hash", ".middle .why"],
  ["/diff", "fk-difftable .why"], ["/tags", ".tags-body .why"], ["/status", ".status .why"],
];

story("every question mark says one sentence, and its word is in the glossary", {}, async ({ page, open }) => {
  await open("/docs");
  await page.locator(".glossary dt").first().waitFor();
  const words = await page.locator(".glossary dt").evaluateAll((list) => list.map((dt) => dt.id));
  for (const [path, last] of MARKED) {
    await open(path);
    await page.locator(last).first().waitFor();
    const marks = page.locator(".why:visible");
    const labels = await marks.evaluateAll((list) => list.map((b) => b.getAttribute("aria-label")));
    assert.equal(new Set(labels).size, labels.length, `two marks of ${path} have one name: ${labels}`);
    for (const key of new Set(await marks.evaluateAll((list) => list.map((b) => b.dataset.key)))) {
      await page.evaluate((k) => [...document.querySelectorAll(`.why[data-key="${k}"]`)].find((b) => b.checkVisibility()).click(), key);
      const popup = page.locator(".popup");
      await popup.waitFor();
      assert.match(await popup.locator("p").textContent(), /^\S[^]*\.$/, `${key} at ${path}`);
      assert.ok(words.includes((await popup.locator("a").getAttribute("href")).replace("/docs#", "")), `${key} at ${path}`);
      await page.keyboard.press("Escape");
      await popup.waitFor({ state: "detached" });
    }
  }
});

const EXPORTS = [["Stacks (folded)", "folded", /main;.*is_prime_slow \d+/], ["Picture (SVG)", "svg", /<svg[\s\S]*compute_primes_slow/], ["Flame graph (JSON)", "json", /"flamebearer"/]];
for (const [words, ending, content] of EXPORTS) {
  story(`export: ${words}`, {}, async ({ page, open }) => {
    await open();
    await page.locator(".fact.main").waitFor();
    const saved = page.waitForEvent("download");
    await page.locator("fk-tools button", { hasText: "Export" }).click();
    await page.locator(".choice", { hasText: words }).click();
    const file = await saved;
    assert.ok(file.suggestedFilename().endsWith(`.${ending}`), file.suggestedFilename());
    assert.match(readFileSync(await file.path(), "utf8"), content);
  });
}

story("export: one HTML file that opens from a disk, hostile names and all", { world: { hostile: true } }, async ({ page, open }) => {
  await open();
  await page.locator(".fact.main").waitFor();
  const saved = page.waitForEvent("download");
  await page.locator("fk-tools button", { hasText: "Export" }).click();
  await page.locator(".choice", { hasText: "offline" }).click();
  const path = `${await (await saved).path()}.html`;
  await (await saved).saveAs(path);
  const other = await (await launch()).newPage();
  const asked = [];
  const wrong = [];
  other.on("request", (r) => /^https?:/.test(r.url()) && asked.push(r.url()));
  other.on("pageerror", (e) => wrong.push(e.stack));
  await other.goto(pathToFileURL(path).href);
  await until(async () => (await frames(other)).some((f) => f.name === "is_prime_slow"), "drawn without a server");
  await other.locator("input.search").fill("prime");
  await other.locator("fk-table .table-row.match").first().waitFor();
  assert.deepEqual([asked, wrong, await other.title()], [[], [], "workshop.demo.app, CPU · Flamekit"]);
  await other.close();
});

story("learning: labels, ruler, and predict before the picture shows", {}, async ({ page, open }) => {
  await open();
  await page.locator(".fact.main").waitFor();
  const learn = async (words) => {
    await page.locator("fk-tools button", { hasText: "Learn" }).click();
    await page.locator(".choice", { hasText: words }).click();
  };
  await learn("parts of the picture");
  await page.locator(".anatomy", { hasText: "not time" }).waitFor();
  await page.locator(".anatomy button").click();
  await learn("ruler");
  await page.locator("input[aria-label='Function A']").fill("handle_hash");
  await page.locator("input[aria-label='Function B']").fill("hash_rounds");
  await page.locator(".ruler p", { hasText: /A is on the stack in [\d.]+ % .* A calls B/ }).waitFor();
  await page.keyboard.press("Escape");
  await learn("Predict first");
  await page.locator(".stage").waitFor({ state: "hidden" });
  await page.locator(".predict select").selectOption("is_prime_slow");
  await page.locator(".predict input").fill("40");
  await page.locator(".predict button.primary").click();
  await page.locator(".predict h2", { hasText: "That is the one" }).waitFor();
  assert.ok((await page.locator(".guess-bar .guess").boundingBox()).width < (await page.locator(".guess-bar .truth").boundingBox()).width);
  await page.locator(".stage").waitFor();
});

story("the first visit names the parts of the picture, until that is closed", { firstVisit: true }, async ({ page, open }) => {
  await open();
  await page.locator(".anatomy", { hasText: "not time" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest(".anatomy")), null, "nobody's keys are taken");
  await page.reload();
  await page.locator(".anatomy button").click();
  await page.locator(".anatomy").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => localStorage.getItem("flamekit.anatomy")), "seen");
});

story("a click on a frame goes through the labels, and closes them", { firstVisit: true }, async ({ page, open }) => {
  await open();
  await page.locator(".anatomy").waitFor();
  await clickFrame(page, "compute_hash");
  await zoomedTo(page, "compute_hash");
  await page.locator(".anatomy").waitFor({ state: "detached" });
});

story("in a narrow window nothing lies over the picture", { firstVisit: true, page: { viewport: { width: 800, height: 700 } } }, async ({ page, open }) => {
  const asked = [];
  page.on("request", (r) => asked.push(r.url()));
  await open();
  await frames(page);
  await page.locator("fk-facts .sum").waitFor();
  assert.equal(asked.filter((url) => url.includes("learn.js")).length, 0);
});

story("status: what profiling costs", {}, async ({ page, open }) => {
  await open("/status");
  await page.locator(".status section", { hasText: "What profiling costs" }).locator("tr", { hasText: /workshop\.demo\.app.*cores.*per second/ }).waitFor();
});
