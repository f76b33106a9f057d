/** Narrow windows, still pictures and the back row: how the page looks to those who need it another way. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { CPU } from "./fake_server.js";
import { clickFrame, closeBrowser, frames, story, until, zoomedTo } from "./browser.js";

after(closeBrowser);

const theme = (page, name) => page.addInitScript((kept) => localStorage.setItem("flamekit.theme", kept), name);
const shown = (selector) => (page) => page.locator(selector).first().waitFor();

/** path, what must be there before it is measured */
const PAGES = [
  ["/", shown("fk-facts .sum")], ["/?view=table", shown("fk-table .table-row")], ["/?view=tree", shown("fk-calltree .table-row")],
  ["/?view=sandwich&fn=compute_hash", shown(".middle")], ["/?fn=compute_hash&q=hash", shown("fk-details .actions")],
  ["/comparison", shown(".half.right canvas[data-ready]")], ["/diff", shown("fk-difftable .table-row")], ["/tags", shown(".tags-table")],
  ["/adhoc", shown(".files .empty")], ["/workshop", shown(".exercises li")], ["/?ex=07.2", shown(".cover")],
  ["/docs", shown(".glossary")], ["/status", shown(".status[data-ready]")],
];

for (const [width, name] of [[360, "light"], [360, "projector"], [1280, "projector"]]) {
  story(`nothing sticks out of any page at ${width} px, ${name}`, { page: { viewport: { width, height: 740 } } }, async ({ page, open }) => {
    await theme(page, name);
    for (const [path, there] of PAGES) {
      await open(path);
      await there(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${path} is ${wide} px wide`);
    }
  });
}

/** Pairs of an element's children that share a place. */
const overlapping = (page, selector) => page.locator(selector).first().evaluate((el) => {
  const seen = [...el.children].filter((c) => c.checkVisibility() && c.getBoundingClientRect().width > 1);
  const boxes = seen.map((c) => ({ name: c.className || c.tagName, ...c.getBoundingClientRect().toJSON() }));
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map((b) => `${a.name} and ${b.name}`));
});

for (const name of ["light", "projector"]) {
  story(`nothing lies over anything else in header and tools, however wide, ${name}`, {}, async ({ page, open }) => {
    await theme(page, name);
    await open("/?q=hash");
    await frames(page);
    await page.locator("output.answer", { hasText: "matched" }).waitFor();
    await page.locator("header button[aria-label^=Favourites]").waitFor();
    for (const width of [1440, 1180, 1024, 901, 768, 601, 360]) {
      await page.setViewportSize({ width, height: 740 });
      for (const part of ["header", "fk-tools", "fk-facts", "fk-picker"]) assert.deepEqual(await overlapping(page, part), [], `${part} at ${width} px`);
    }
  });
}

story("a diff's numbers stay in their columns at 360 px", { page: { viewport: { width: 360, height: 740 } } }, async ({ page, open }) => {
  await open("/diff");
  await page.locator("fk-difftable .table-row").first().waitFor();
  const wide = await page.locator("fk-difftable .cell:not(.name)").evaluateAll((cells) =>
    cells.filter((c) => c.checkVisibility() && c.scrollWidth > c.clientWidth).map((c) => c.textContent));
  assert.deepEqual(wide, []);
});

const MANY = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`team.service-with-a-rather-long-name-${i}.production`, [CPU]]));

story("of 200 services as many are listed as can be read", { world: { services: MANY } }, async ({ page, open }) => {
  await open();
  await page.locator("button.service").click();
  await page.locator(".service-choice small", { hasText: /sending|last seen|quiet/ }).first().waitFor();
  const cut = await page.locator(".service-choice").evaluateAll((rows) => rows.filter((r) => r.scrollHeight > r.clientHeight + 1).length);
  assert.equal(cut, 0);
  await page.locator(".service-count", { hasText: "160 more: type to narrow" }).waitFor();
});

story("with less motion wanted, a zoom is one step and nothing else moves", { page: { reducedMotion: "reduce" } }, async ({ page, open }) => {
  // Live refresh would bring other totals, and with them other widths.
  await open(`/?query=${encodeURIComponent(`${CPU}{service_name="workshop.demo.app"}`)}`);
  await frames(page);
  await page.evaluate(() => {
    const graph = document.querySelector("fk-flamegraph");
    window.widths = new Set();
    const look = () => {
      window.widths.add(graph.view.x1 - graph.view.x0);
      requestAnimationFrame(look);
    };
    look();
  });
  await clickFrame(page, "compute_primes_slow");
  await zoomedTo(page, "compute_primes_slow");
  await until(() => page.evaluate(() => window.widths.size > 1), "it is zoomed");
  assert.equal(await page.evaluate(() => window.widths.size), 2, "before and after, and nothing between");
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

story("projector: large text, tall rows, and a halo around the pointer", {}, async ({ page, open }) => {
  await theme(page, "projector");
  await open("/?fn=compute_hash");
  await frames(page);
  await page.locator("fk-details .explain").waitFor();
  await page.locator("fk-table .table-row").first().waitFor();
  const small = await page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = new Set();
    while (texts.nextNode()) {
      const el = texts.currentNode.parentElement;
      const size = parseFloat(getComputedStyle(el).fontSize);
      const seen = texts.currentNode.data.trim() && el.checkVisibility() && !el.closest(".unseen, noscript, script");
      if (seen && size > 0 && size < 14) found.add(`${el.tagName}.${el.className.baseVal ?? el.className} ${size}px`);
    }
    return [...found];
  });
  assert.deepEqual(small, []);
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), "18px");
  const [root] = await frames(page);
  assert.ok(root.height >= 26, `a row is ${root.height} px`);
  await page.mouse.move(300, 200);
  await page.locator(".halo").waitFor();
  const halo = await page.locator(".halo").boundingBox();
  assert.ok(Math.abs(halo.x + halo.width / 2 - 300) < 2 && Math.abs(halo.y + halo.height / 2 - 200) < 2, "it is where the pointer is");
});
