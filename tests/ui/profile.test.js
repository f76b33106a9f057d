/** Decoding, order, sums, search and places of flame graphs. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { coverage } from "../../server/ui/coverage.js";
import { byWeight, decode, functions } from "../../server/ui/flamebearer.js";
import { findPath, firstEndingAfter, gallop, heaviestChild, nameOf, neighbour, nodeAt, pathOf, pathText, placesOf, viewOf } from "../../server/ui/layout.js";
import { compile, mark } from "../../server/ui/search.js";
import { kindOf, moduleOf } from "../../server/ui/kinds.js";
import { encode, randomGraph } from "./world.js";

const EXAMPLE = { names: ["total", "a", "c", "b", "e", "d"], levels: [[0, 4, 0, 0], [0, 4, 0, 1], [0, 1, 0, 3, 0, 3, 2, 2], [0, 1, 1, 4, 2, 1, 1, 5]] };
const stacks = (...lines) => decode(encode(lines.map(([s, v]) => [s.split(";"), v])));
const list = (p) => p.levels.map((l) => [...l.name].map((n, i) => `${p.names[n]}@${l.start[i]}+${l.total[i]}/${l.self[i]}^${l.parent[i]}`).join(" "));

test("decodes the wire's offsets", () => {
  assert.deepEqual(list(decode(EXAMPLE)), ["total@0+4/0^-1", "a@0+4/0^0", "b@0+1/0^0 c@1+3/2^0", "e@0+1/1^0 d@3+1/1^1"]);
});

test("decodes the querier's form, where numbers are text", () => {
  const rpc = { names: EXAMPLE.names, levels: EXAMPLE.levels.map((values) => ({ values: values.map(String) })) };
  assert.deepEqual(list(decode(rpc)), list(decode(EXAMPLE)));
});

test("an empty profile has a total of 0", () => {
  assert.equal(decode({ names: ["total"], levels: [[0, 0, 0, 0]] }).total, 0);
  assert.equal(decode({ names: ["total"], levels: [] }).total, 0);
});

const BROKEN = [
  ["nothing", undefined], ["no levels", { names: [] }], ["a torn level", { names: ["total"], levels: [[0, 4, 0]] }],
  ["a name out of range", { names: ["total"], levels: [[0, 4, 0, 1]] }], ["text for a number", { names: ["total"], levels: [[0, "x", 0, 0], [0, 1, "y", 0]] }],
  ["a child outside its caller", { names: ["total", "a"], levels: [[0, 4, 0, 0], [0, 5, 0, 1]] }], ["a child of nobody", { names: ["total", "a"], levels: [[0, 4, 0, 0], [9, 1, 0, 1]] }],
  ["two roots", { names: ["total"], levels: [[0, 1, 0, 0, 0, 1, 0, 0]] }], ["a negative self", { names: ["total"], levels: [[0, 4, -1, 0]] }],
];
for (const [what, fb] of BROKEN) {
  test(`refuses ${what} with a sentence`, () => {
    if (what === "text for a number") assert.equal(decode(fb).total, 0);
    else assert.throws(() => decode(fb), /flame graph/);
  });
}

test("golden profiles decode and add up", (t) => {
  const file = new URL("../../../shared/fixtures/flamebearer/profile.json", import.meta.url);
  if (!existsSync(file)) return t.skip("no fixtures beside the repository");
  const p = decode(JSON.parse(readFileSync(file)).flamebearer);
  assert.equal(functions(p).reduce((sum, r) => sum + r.self, 0), p.total);
});

test("heaviest first keeps sums, parents and nesting", () => {
  const before = decode(randomGraph(5000));
  const p = byWeight(before);
  assert.equal(p.nodes, before.nodes);
  const sums = (q) => functions(q).map((r) => `${r.name} ${r.self} ${r.total} ${r.places}`).sort();
  assert.deepEqual(sums(p), sums(before));
  for (let l = 1; l < p.levels.length; l++) {
    const { start, total, parent } = p.levels[l];
    const up = p.levels[l - 1];
    for (let i = 0; i < start.length; i++) {
      const q = parent[i];
      assert.ok(start[i] >= up.start[q] && start[i] + total[i] <= up.start[q] + up.total[q]);
      if (i && parent[i - 1] === q) assert.ok(total[i - 1] >= total[i] && start[i] === start[i - 1] + total[i - 1]);
    }
  }
});

test("a function that calls itself counts once in its total", () => {
  const p = stacks(["main;f;f;g;f", 3], ["main;f", 1], ["main;g", 1]);
  const of = (name) => functions(p).find((r) => p.names[r.name] === name);
  assert.deepEqual(of("f"), { name: p.names.indexOf("f"), self: 4, total: 4, places: 3 });
  assert.deepEqual([of("g").total, of("main").total, of("main").self], [4, 5, 0]);
});

test("matched share: no frame counts twice, and only below the zoom", () => {
  const p = stacks(["main;prime;prime;x", 3], ["main;prime", 1], ["main;y", 6]);
  const marked = mark(p.names, compile("prime").test);
  assert.deepEqual(coverage(p, marked), { total: 4, self: 1, frames: 2, of: 10 });
  const inner = findPath(p, pathText(p, { level: 2, index: 0 })).node;
  assert.deepEqual(coverage(p, marked, inner), { total: 4, self: 1, frames: 2, of: 4 });
});

test("what search texts mean", () => {
  const names = ["total", "compute_primes_slow", "Prime.next", "libc.so.6+0x12", "hash_rounds", "a(b)"];
  const found = (q) => [...mark(names, compile(q).test)].join("");
  assert.equal(found("prime"), "011000");
  assert.equal(found("/^hash|slow$/"), "010010");
  assert.equal(found("pkg:libc"), "000100");
  assert.equal(found("a(b"), "000001");
  assert.equal(compile("  "), null);
  assert.match(compile("/(/").error, /./);
  assert.equal(found("total"), "000000", "the root is no function");
});

test("searching by growing steps finds what halving finds", () => {
  const level = decode(randomGraph(20000)).levels[8];
  const end = level.start.at(-1) + level.total.at(-1);
  for (let k = 0; k < 500; k++) {
    const x = (end * k) / 500;
    const ending = firstEndingAfter(level, x);
    assert.ok(ending === level.start.length || level.start[ending] + level.total[ending] > x);
    assert.ok(ending === 0 || level.start[ending - 1] + level.total[ending - 1] <= x);
    const from = k % 7;
    const begin = level.start.findIndex((v, i) => i > from && v >= x);
    for (const step of [1, 2, 5, 100]) assert.equal(gallop(level, from, x, step), begin < 0 ? level.start.length : begin);
    const i = nodeAt(level, x);
    if (i >= 0) assert.ok(level.start[i] <= x && x < level.start[i] + level.total[i]);
  }
});

test("paths name a node and find it again, in other data too", () => {
  const p = byWeight(stacks(["main;a;hot", 70], ["main;b;cold", 30]));
  const hot = { level: 3, index: 0 };
  const text = pathText(p, hot);
  assert.deepEqual(findPath(p, text), { node: hot, complete: true });
  const q = byWeight(stacks(["main;b;cold", 300], ["main;a;hot", 7]));
  assert.equal(nameOf(q, findPath(q, text).node), "hot");
  const r = stacks(["main;a", 5]);
  const part = findPath(r, text);
  assert.deepEqual([nameOf(r, part.node), part.complete], ["a", false]);
  assert.deepEqual(findPath(p, ""), { node: { level: 0, index: 0 }, complete: true });
  assert.equal(findPath(p, "zzz.~.%").complete, false);
});

test("a path 3,000 deep stays short in the address", () => {
  const p = stacks([Array.from({ length: 3000 }, (_, i) => `f${i % 7}`).join(";"), 5]);
  const node = { level: 2500, index: 0 };
  const text = pathText(p, node);
  assert.ok(text.length < 20);
  assert.deepEqual(findPath(p, text), { node, complete: true });
  assert.equal(functions(p).find((r) => p.names[r.name] === "f1").total, 5);
});

test("neighbours, children and view", () => {
  const p = byWeight(stacks(["main;a", 60], ["main;b", 30], ["main;c", 10]));
  const a = { level: 2, index: 0 };
  assert.equal(nameOf(p, heaviestChild(p, { level: 1, index: 0 })), "a");
  assert.equal(nameOf(p, neighbour(p, a, 1, { x0: 0, x1: 100 })), "b");
  assert.equal(neighbour(p, a, 1, viewOf(p, a)), null);
  assert.equal(neighbour(p, a, -1, { x0: 0, x1: 100 }), null);
  assert.deepEqual(pathOf(p, a).map((n) => nameOf(p, n)), ["total", "main", "a"]);
  assert.equal(placesOf(p, "b").length, 1);
});

const KINDS = [["compute_primes_slow", "app"], ["_int_malloc", "lib"], ["do_syscall_64", "kernel"], ["clock_nanosleep", "wait"], ["wait_for_work", "wait"],
  ["libc.so.6+0x2a1f", "unknown"], ["0x7f00", "unknown"], ["", "unknown"], ["read_config", "app"], ["main", "app"], ["free_list_walk", "app"]];
for (const [name, kind] of KINDS) test(`${name || "no name"} is ${kind}`, () => assert.equal(kindOf(name), kind));

const MODULES = [["net/http.(*conn).serve", "net/http"], ["libc.so.6+0x1", "libc.so.6"], ["std::vector<int>::at", "std::"], ["main", ""], ["/app/x.py:run", "/app/x.py"]];
for (const [name, module] of MODULES) test(`module of ${name}`, () => assert.equal(moduleOf(name), module));
