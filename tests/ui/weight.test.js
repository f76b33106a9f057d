/** What the page weighs as it is served, and that it stays plain: no strangers. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";

const UI = new URL("../../server/ui/", import.meta.url);
const PACKED = new URL("../../build/release/server/page/assets/", import.meta.url);
const read = (name) => readFileSync(new URL(name, UI), "utf8");
const files = readdirSync(UI).filter((f) => /\.(?:js|css|html)$/.test(f));
const modules = files.filter((f) => f.endsWith(".js"));
const imports = (name) => [...read(name).matchAll(/^(?:import|export)\s[^;]*?from\s+"\.\/([\w.]+)"|^import "\.\/([\w.]+)"/gm)].map((m) => m[1] ?? m[2]);
const packed = (names) => names.reduce((sum, f) => sum + statSync(new URL(`${f}.gz`, PACKED)).size, 0);

/** Skips, or fails where all must be there. */
function unbuilt(t) {
  const missing = !existsSync(PACKED);
  if (missing && process.env.CI) assert.fail("build/release has no page");
  if (missing) t.skip("build/release has no page");
  return missing;
}

/** A limit in KB, packed. */
function weighs(what, names, limit) {
  test(`${what}: at most ${limit} KB packed`, (t) => {
    if (unbuilt(t)) return;
    const kb = packed(names) / 1024;
    t.diagnostic(`${kb.toFixed(1)} KB in ${names.length} files`);
    assert.ok(kb <= limit, `${kb.toFixed(1)} KB`);
  });
}

/** A module with all it imports before it runs. */
function closure(name, seen = new Set()) {
  if (!seen.has(name)) {
    seen.add(name);
    imports(name).forEach((f) => closure(f, seen));
  }
  return seen;
}

test("the first picture is preloaded whole, in at most 20 requests even from --ui-dir", () => {
  const linked = [...read("index.html").matchAll(/\/assets\/@BUILD@\/([\w.]+)/g)].map((m) => m[1]);
  assert.deepEqual(linked.sort(), [...closure("app.js"), "style.css"].sort());
  assert.ok(linked.length + 1 < 20, `${linked.length + 1} files, and the profile`);
});

const FIRST = ["index.html", "style.css", "page.js"];
const EXPLORE = [...FIRST, "parts.css", "parts.js"];
weighs("the first picture", FIRST, 30);
weighs("Explore with all its parts", EXPLORE, 62);
weighs("all pages, texts, exports and file formats", [...EXPLORE, "pages.css", "more.js"], 118);

test("each module is in one bundle, and needs none of a later one", (t) => {
  if (unbuilt(t)) return;
  const bundles = ["page.js", "parts.js", "more.js"];
  const held = bundles.map((f) => [...readFileSync(new URL(f, PACKED), "utf8").matchAll(/^"(\w+)":\(\)=>\{/gm)].map((m) => `${m[1]}.js`));
  assert.deepEqual(held.flat().sort(), modules);
  const at = (name) => held.findIndex((names) => names.includes(name));
  for (const name of modules) for (const f of imports(name)) assert.ok(at(f) <= at(name), `${name} imports ${f}`);
  for (const name of modules) assert.equal(readFileSync(new URL(name, PACKED), "utf8"), read(name), "and can be read as it is written");
});

for (const name of modules) {
  test(`${name} says what it is for, is short, and never makes markup of text`, () => {
    const source = read(name);
    assert.match(source, /^\/\*\*\n \* \S/, "begins with a sentence");
    assert.ok(source.split("\n").length <= 500);
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?:\/\/(?!www\.w3\.org)/);
  });
}

test("markup carries no inline style or script", () => {
  assert.doesNotMatch(read("index.html"), /<style|style="|\son\w+="|<script>/);
});

const PURE = ["coverage", "diff", "diff_words", "flamebearer", "fold", "format", "kinds", "layout", "query", "ruler", "search", "series", "stats", "strings", "sides", "time", "trie", "url", "write"];
test("pure modules know no page and import only pure modules", () => {
  for (const name of PURE) {
    assert.doesNotMatch(read(`${name}.js`), /\b(?:document|window|localStorage)\b/, name);
    for (const f of imports(`${name}.js`)) assert.ok(PURE.includes(f.replace(".js", "")), `${name} imports ${f}`);
  }
});
