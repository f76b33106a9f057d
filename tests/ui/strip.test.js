/**
 * The page is served without comments and spaces (server/strip): every module
 * and style sheet still means what its source says. (Spaces after commas stay
 * visible in the values of custom properties, where they mean nothing.)
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { test, after } from "node:test";
import { fileURLToPath } from "node:url";
import { closeBrowser, story } from "./browser.js";

const UI = fileURLToPath(new URL("../../server/ui/", import.meta.url));
const STRIP = fileURLToPath(new URL("../../build/release/server/strip/strip", import.meta.url));
const files = (ending) => readdirSync(UI).filter((f) => f.endsWith(ending));
const source = (name) => readFileSync(UI + name, "utf8");
const stripped = (name) => execFileSync(STRIP, [UI + name], { encoding: "utf8" });

after(closeBrowser);

/** The tree of a module, without where things are. */
function tree(acorn, text) {
  const plain = (key, value) => {
    if (["start", "end", "raw"].includes(key)) return undefined;
    if (value instanceof RegExp) return String(value);
    return typeof value === "bigint" ? `${value}n` : value;
  };
  return JSON.stringify(acorn.parse(text, { ecmaVersion: "latest", sourceType: "module" }), plain);
}

test("every module parses to the same tree", async (t) => {
  const acorn = await import("acorn").catch(() => null);
  if (!acorn) {
    if (process.env.CI) assert.fail("acorn is not installed");
    return t.skip("acorn is not installed (sh tests/ui/install.sh)");
  }
  const modules = files(".js");
  assert.ok(modules.length > 50);
  for (const name of modules) {
    const text = stripped(name);
    assert.ok(tree(acorn, text) === tree(acorn, source(name)), `${name} says something else`);
    assert.ok(text.length < source(name).length, name);
  }
  return undefined;
});

story("every style sheet has the same rules", {}, async ({ page, open }) => {
  await open("/status");
  const rules = (text) => page.evaluate((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    return [...sheet.cssRules].map((rule) => rule.cssText.replace(/\s+/g, " ").replaceAll(", ", ","));
  }, text);
  for (const name of files(".css")) {
    const want = await rules(source(name));
    assert.ok(want.length > 5, name);
    assert.deepEqual(await rules(stripped(name)), want, name);
  }
});
