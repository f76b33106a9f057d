/** What the page weighs, and that it stays plain: no build, no strangers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const UI = new URL("../../server/ui/", import.meta.url);
const read = (name) => readFileSync(new URL(name, UI), "utf8");
const files = readdirSync(UI).filter((f) => /\.(?:js|css|html)$/.test(f));
const modules = files.filter((f) => f.endsWith(".js"));
const imports = (name) => [...read(name).matchAll(/^(?:import|export)\s[^;]*?from\s+"\.\/([\w.]+)"|^import "\.\/([\w.]+)"/gm)].map((m) => m[1] ?? m[2]);
const packed = (names) => names.reduce((sum, f) => sum + gzipSync(read(f)).length, 0);

/** A module with all it imports before it runs. */
function closure(name, seen = new Set()) {
  if (!seen.has(name)) {
    seen.add(name);
    imports(name).forEach((f) => closure(f, seen));
  }
  return seen;
}

test("the first picture needs at most 40 KB and is preloaded whole", () => {
  const first = [...closure("app.js")];
  const linked = [...read("index.html").matchAll(/\/assets\/@BUILD@\/([\w.]+)/g)].map((m) => m[1]);
  assert.deepEqual(linked.sort(), [...first, "style.css"].sort());
  const bytes = packed([...first, "style.css", "index.html"]);
  assert.ok(bytes <= 40 * 1024, `${bytes} bytes`);
});

test("Explore with all its parts is at most 90 KB packed", () => {
  const bytes = packed([...closure("rest.js", closure("app.js")), "style.css", "parts.css", "index.html"]);
  assert.ok(bytes <= 90 * 1024, `${bytes} bytes packed`);
});

test("everything is at most 160 KB packed", () => {
  assert.ok(packed(files) <= 160 * 1024, `${packed(files)} bytes packed`);
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
