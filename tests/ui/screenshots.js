/**
 * Pictures of the page in its themes and its states, for the documents and
 * for eyes: build/screenshots/NAME.png. With FLAMEKIT_SERVER set they are
 * taken of that server instead of the synthetic one.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beenHere, closeBrowser, clickFrame, frames, launch, until } from "./browser.js";
import { startFake } from "./fake_server.js";

const OUT = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
const real = process.env.FLAMEKIT_SERVER;

const search = async (page) => {
  await page.locator("input.search").fill("hash");
  await page.locator("output.answer", { hasText: "matched" }).waitFor();
};
const hover = async (page, name) => {
  const f = (await frames(page)).find((x) => x.name === name);
  if (!f) return;
  await page.locator("canvas.fg-overlay").hover({ position: { x: f.x + Math.min(80, f.width / 2), y: f.y + f.height / 2 } });
  await page.locator("fk-tip strong").waitFor();
};
const select = (page) => page.locator("g[data-phase] .head").last().click();

/** name, window, path, what to do before the picture, the fake's world */
const SHOTS = [
  { name: "explore", act: (page) => hover(page, "compute_primes_slow") },
  { name: "first-visit", firstVisit: true, act: (page) => page.locator(".anatomy").waitFor() },
  { name: "phase", act: select },
  { name: "search", act: search },
  { name: "zoom", act: async (page) => {
    await clickFrame(page, "handle_hash");
    await page.locator("fk-table .table-row", { hasText: "compute_hash" }).first().click();
    await page.locator("fk-details .neighbours").first().waitFor();
  } },
  { name: "tree", path: "?view=tree" },
  { name: "flame", path: "?o=flame&view=graph&color=self" },
  { name: "sandwich", path: "?view=sandwich&fn=compute_hash" },
  { name: "diff", path: "diff?leftFrom=phase:cached&rightFrom=phase:uncached&dm=absolute", ready: "fk-difftable .table-row", act: (page) => hover(page, "compute_primes_slow") },
  { name: "comparison", path: "comparison?leftFrom=phase:cached&rightFrom=phase:uncached&scale=common", ready: ".half.right canvas[data-ready]" },
  { name: "tags", path: "tags", ready: ".tags-table" },
  { name: "adhoc", path: "adhoc", ready: ".files .empty" },
  { name: "workshop", path: "workshop", ready: ".exercises li" },
  { name: "exercise", path: "?ex=07.2", act: (page) => page.getByRole("button", { name: "Show it anyway" }).click() },
  { name: "docs", path: "docs", ready: ".glossary" },
  { name: "favourites", act: async (page) => {
    await page.locator("header button[aria-label^=Favourites]").click();
    await page.locator(".keepsakes .kept small", { hasText: "none yet" }).waitFor();
  } },
  { name: "marker", act: async (page) => {
    await page.locator(".mark-now").click();
    await page.locator(".marker-form").waitFor();
  } },
  { name: "details", path: "?fn=compute_primes_slow&view=graph", act: async (page) => {
    await page.locator(".trend").waitFor();
    await page.locator(".labels-place button").first().waitFor();
    await page.locator("fk-details").scrollIntoViewIfNeeded();
  } },
  { name: "away", act: async (page, fake) => {
    if (!fake) return;
    fake.world.away = true;
    await page.locator("[data-state=away]").waitFor();
  } },
  { name: "none-in-range", world: { dataUntil: Date.now() - 20 * 60e3 }, empty: true },
  { name: "explain", path: "?fn=is_prime_slow", act: (page) => page.locator(".explain").scrollIntoViewIfNeeded() },
  { name: "phone", size: { width: 360, height: 740 } },
  { name: "empty", world: { services: {} }, empty: true },
  { name: "status", path: "status", empty: true },
];

async function ready(page, shot) {
  if (shot.ready) return page.locator(shot.ready).first().waitFor({ state: "attached" });
  if (shot.empty) return page.locator(".status[data-ready], fk-empty[data-state]:not([data-state=waiting])").waitFor();
  await frames(page);
  await page.locator("[data-fact=total]").waitFor();
  await page.locator("fk-timeline path.area[d^=M]").waitFor({ state: "attached" });
  return page.locator("header .run:not(:empty)").waitFor({ state: "attached" });
}

async function shoot(shot, theme, browser) {
  const fake = real ? null : await startFake(shot.world);
  const page = await browser.newPage({ viewport: shot.size ?? { width: 1440, height: 900 }, deviceScaleFactor: 1 });
  await page.addInitScript((kept) => localStorage.setItem("flamekit.theme", kept), theme);
  if (!shot.firstVisit) await beenHere(page);
  await page.goto(`${real ?? fake.url}/${shot.path ?? ""}`);
  await ready(page, shot);
  await shot.act?.(page, fake);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await until(() => page.evaluate(() => document.getAnimations().length === 0), "nothing moves");
  await page.screenshot({ path: `${OUT}${shot.name}-${theme}.png` });
  await page.close();
  await fake?.close();
}

mkdirSync(OUT, { recursive: true });
const browser = await launch();
const wanted = process.argv.slice(2);
for (const shot of SHOTS) {
  if (wanted.length && !wanted.includes(shot.name)) continue;
  for (const theme of ["light", "dark", "projector"]) await shoot(shot, theme, browser);
}
await closeBrowser();
process.stdout.write(`pictures are in ${OUT}\n`);
