/** Accessibility: axe's rules of WCAG 2.2 AA on each page, theme and state. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { clickFrame, closeBrowser, frames, story, zoomedTo } from "./browser.js";

after(closeBrowser);

const AXE = fileURLToPath(new URL("node_modules/axe-core/axe.min.js", import.meta.url));
const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] };
const parts = (page) => page.locator("fk-table .table-row").first().waitFor();

async function findings(page) {
  const { violations } = await page.evaluate((rules) => window.axe.run(document, rules), RULES);
  return violations.flatMap((v) => v.nodes.map((n) => `${v.impact} ${v.id}: ${n.target.join(" ")} ${n.any[0]?.message ?? ""}`));
}

const CASES = [
  ["explore", "/", {}, async (page) => {
    await frames(page);
    await parts(page);
  }],
  ["zoom, search and details", "/?q=hash&fn=compute_hash", {}, async (page) => {
    await clickFrame(page, "serve_request");
    await zoomedTo(page, "serve_request");
    await page.locator("fk-details .neighbours").first().waitFor();
  }],
  ["tree", "/?view=tree", {}, (page) => page.locator("fk-calltree .table-row").first().waitFor()],
  ["time panel", "/", {}, async (page) => {
    await parts(page);
    await page.locator("button.when").click();
  }],
  ["empty", "/", { services: {} }, (page) => page.locator("fk-empty[data-state=never]").waitFor()],
  ["help", "/", {}, async (page) => {
    await parts(page);
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
  }],
  ["sandwich", "/?view=sandwich&fn=compute_hash", {}, (page) => page.locator(".middle").waitFor()],
  ["explained", "/?fn=is_prime_slow", {}, (page) => page.locator(".explain").waitFor()],
  ["services and folding", "/", {}, async (page) => {
    await parts(page);
    await page.locator("button", { hasText: /^Fold/ }).click();
    await page.locator(".fold-choice").first().waitFor();
  }],
  ["diff", "/diff", {}, (page) => page.locator("fk-difftable .table-row").first().waitFor()],
  ["diff beside an exercise, 360 px", "/diff?ex=07.2", {}, async (page) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.locator(".drawer .verdict:not(:empty)").waitFor();
    await page.locator(".edge.right:visible").first().waitFor();
  }],
  ["comparison", "/comparison", {}, (page) => page.locator(".half canvas[data-ready]").nth(1).waitFor({ state: "attached" })],
  ["presets", "/diff", {}, async (page) => {
    await page.locator(".spoken:not(:empty)").waitFor();
    await page.locator("button", { hasText: "Compare…" }).click();
    await page.locator(".label-pair button:enabled").waitFor();
  }],
  ["tags", "/explore", {}, (page) => page.locator(".tags-table").waitFor()],
  ["ad hoc", "/adhoc", {}, (page) => page.locator(".files .empty").waitFor()],
  ["workshop", "/workshop", {}, (page) => page.locator(".exercises li").first().waitFor()],
  ["exercise", "/?ex=07.2", {}, (page) => page.locator(".cover").waitFor()],
  ["docs", "/docs", {}, (page) => page.locator(".glossary").waitFor()],
  ["status, 360 px", "/status", {}, async (page) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.locator(".status[data-ready]").waitFor();
  }],
];

if (!existsSync(AXE)) {
  test("axe", (t) => {
    assert.ok(!process.env.CI, "axe-core is not installed");
    t.skip("axe-core is not installed (sh tests/ui/install.sh)");
  });
} else {
  for (const [name, path, world, act] of CASES) {
    story(name, { world, page: { reducedMotion: "reduce" } }, async ({ page, open }) => {
      await page.addInitScript({ path: AXE });
      await page.addInitScript(() => localStorage.setItem("flamekit.theme", "light"));
      await open(path);
      await act(page);
      for (const theme of ["light", "dark", "projector"]) {
        await page.locator(`:root[data-theme=${theme}]`).waitFor();
        assert.deepEqual(await findings(page), [], theme);
        await page.locator("header button[title^=Theme]").evaluate((next) => next.click());
      }
    });
  }
}
