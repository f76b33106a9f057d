/** Diffs, folding and the sandwich, checked against brute force. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, diffRows, foldSides, layDiff, mainCause, mergeProfiles, readDouble, requestsIn, usualMode } from "../../server/ui/diff.js";
import { doubt } from "../../server/ui/diff_words.js";
import { decode, functions } from "../../server/ui/flamebearer.js";
import { folded, foldsOf, invertedRows, sandwich } from "../../server/ui/fold.js";
import { rateTest, shareTest } from "../../server/ui/stats.js";
import { profilerShare, ruler } from "../../server/ui/ruler.js";
import { fromStacks, toStacks } from "../../server/ui/trie.js";
import { encodeDouble, random } from "./world.js";

/** Random stacks over few names, so that recursion and merging happen. */
function randomStacks(seed, n = 60) {
  const rnd = random(seed);
  const names = ["a", "b", "c", "d", "malloc", "do_syscall_64", "wait_for_work"];
  return Array.from({ length: n }, () => [
    Array.from({ length: 1 + Math.floor(rnd() * 6) }, () => names[Math.floor(rnd() * names.length)]), 1 + Math.floor(rnd() * 90)]);
}

function summed(stacks) {
  const out = new Map();
  for (const [s, v] of stacks) if (v) out.set(s.join(";"), (out.get(s.join(";")) ?? 0) + v);
  return Object.fromEntries([...out].sort());
}
const plain = (text) => text.split(" ").map((l) => l.split("=")).map(([s, v]) => [s.split(";"), Number(v)]);
const sides = (a, b, more = {}) => ({ ticks: [a, b], samples: [a, b], requests: [null, null], ...more });

const DOUBLE = { names: ["total", "a", "c", "b"], levels: [[0, 3, 0, 0, 12, 0, 0], [0, 3, 0, 0, 12, 0, 1], [0, 1, 1, 0, 4, 4, 3, 0, 2, 2, 0, 8, 8, 2]] };

test("reads the wire's double flame graph", () => {
  const p = layDiff(readDouble(DOUBLE), sides(3, 12), { mode: "absolute", base: "larger" });
  const row = (name) => diffRows(p, sides(3, 12), "absolute").find((r) => p.names[r.name] === name);
  assert.deepEqual([row("b").self.a, row("b").self.b, row("c").total.a, row("c").total.b, row("a").total.b], [1, 4, 2, 8, 12]);
  assert.equal(p.total, 12);
});

for (const bad of [undefined, {}, { names: ["total"], levels: [[0, 1, 0]] }, { names: [], levels: [[0, 1, 1, 0, 1, 1, 0]] },
  { names: ["total"], levels: [[0, 1, 0, 0, 0, 0, 0], [5, 1, 0, 0, 0, 0, 0]] }]) {
  test(`a broken double is refused: ${JSON.stringify(bad)}`, () => assert.throws(() => readDouble(bad), /diff/));
}

for (let seed = 1; seed <= 12; seed++) {
  const [a, b] = [randomStacks(seed), randomStacks(seed + 100)];
  const [left, right] = [fromStacks(a), fromStacks(b)];

  test(`stacks survive the way through a profile (${seed})`, () => assert.deepEqual(summed(toStacks(left)), summed(a)));

  test(`merging two profiles equals reading their double from the wire (${seed})`, () => {
    const lay = (root) => layDiff(root, sides(left.total, right.total), { mode: "share", base: "larger" });
    const [mine, wire] = [lay(mergeProfiles(left, right)), lay(readDouble(encodeDouble(a, b)))];
    assert.equal(mine.nodes, wire.nodes);
    mine.levels.forEach((level, l) => {
      for (const key of ["totalA", "totalB", "selfA", "selfB"]) assert.deepEqual([...level[key]], [...wire.levels[l][key]]);
    });
  });

  test(`each side of a diff sums as by itself, recursion counted once (${seed})`, () => {
    const both = layDiff(mergeProfiles(left, right), sides(1, 1), { mode: "absolute", base: "larger" });
    for (const r of diffRows(both, sides(1, 1), "absolute")) {
      const name = both.names[r.name];
      for (const [p, key] of [[left, "a"], [right, "b"]]) {
        const alone = functions(p).find((f) => p.names[f.name] === name) ?? { self: 0, total: 0 };
        assert.deepEqual([r.self[key], r.total[key]], [alone.self, alone.total], name);
      }
    }
  });

  test(`callees never stand out from under their caller (${seed})`, () => {
    for (const base of ["a", "b", "larger"]) {
      const p = layDiff(mergeProfiles(left, right), sides(left.total, right.total), { mode: "share", base, order: "weight" });
      p.levels.slice(1).forEach((level, l) => level.start.forEach((x, i) => {
        const up = p.levels[l];
        const j = level.parent[i];
        assert.ok(x >= up.start[j] - 1e-9 && x + level.total[i] <= up.start[j] + up.total[j] + 1e-9);
      }));
    }
  });

  test(`folding equals folding each stack (${seed})`, () => {
    const rules = {
      libs: (s) => s.filter((n) => n !== "malloc"),
      kernel: (s) => s.filter((n) => n !== "do_syscall_64"),
      recursion: (s) => s.reduce((out, n) => (out.includes(n) ? out.slice(0, out.indexOf(n) + 1) : [...out, n]), []),
    };
    for (const fold of Object.keys(rules)) {
      const want = summed(a.filter(([s]) => fold !== "libs" || s[0] !== "malloc").map(([s, v]) => [rules[fold](s), v]));
      const got = summed(toStacks(folded(left, foldsOf(fold))).filter(([s]) => fold !== "libs" || s[0] !== "malloc"));
      if (fold === "recursion" || fold === "kernel") assert.deepEqual(got, want, fold);
      else assert.deepEqual(Object.values(got).reduce((x, y) => x + y, 0), Object.values(want).reduce((x, y) => x + y, 0));
    }
    assert.deepEqual(summed(toStacks(folded(left, foldsOf("idle")))), summed(a.filter(([s]) => !s.includes("wait_for_work"))));
  });

  test(`inverted equals turning each stack round, and its table stays the same (${seed})`, () => {
    const turned = folded(left, foldsOf("inverted"));
    assert.deepEqual(summed(toStacks(turned)), summed(a.map(([s, v]) => [[...s].reverse(), v])));
    const rows = (list, p) => Object.fromEntries(list.map((r) => [p.names[r.name], [r.self, r.total]]));
    assert.deepEqual(rows(invertedRows(turned), turned), rows(functions(left), left));
  });

  test(`folding both sides equals folding each (${seed})`, () => {
    const loaded = { tree: mergeProfiles(left, right), sides: sides(left.total, right.total) };
    for (const fold of ["recursion", "libs", "kernel", "idle", "recursion,idle"]) {
      const { tree, sides: kept } = foldSides(loaded, foldsOf(fold));
      const both = layDiff(tree, kept, { mode: "absolute", base: "larger" });
      [left, right].forEach((one, i) => {
        const alone = folded(one, foldsOf(fold));
        assert.equal(kept.ticks[i], alone.total, fold);
        const rows = diffRows(both, kept, "absolute");
        for (const f of functions(alone)) {
          const row = rows.find((r) => both.names[r.name] === alone.names[f.name]);
          assert.deepEqual([row.self["ab"[i]], row.total["ab"[i]]], [f.self, f.total], `${fold} ${alone.names[f.name]}`);
        }
      });
    }
    assert.equal(foldSides(loaded, new Set()).tree, loaded.tree);
  });

  test(`the ruler equals counting stacks (${seed})`, () => {
    const part = (test3) => a.reduce((sum, [s, v]) => sum + (test3(s) ? v : 0), 0) / left.total;
    const below = (x, y) => (s) => s.includes(x) && s.lastIndexOf(y) > s.indexOf(x);
    const want = { a: part((s) => s.includes("b")), b: part((s) => s.includes("c")), both: part((s) => s.includes("b") && s.includes("c")),
      aCallsB: part(below("b", "c")), bCallsA: part(below("c", "b")) };
    const got = ruler(left, "b", "c");
    for (const key in want) assert.ok(Math.abs(got[key] - want[key]) < 1e-9, `${key} ${got[key]} ${want[key]}`);
  });

  test(`the sandwich equals cutting each stack (${seed})`, () => {
    const { callers, callees } = sandwich(left, "b");
    const through = a.filter(([s]) => s.includes("b"));
    assert.deepEqual(summed(toStacks(callees)), summed(through.map(([s, v]) => [s.slice(s.indexOf("b") + 1), v])));
    assert.deepEqual(summed(toStacks(callers)), summed(through.map(([s, v]) => [s.slice(0, s.indexOf("b")).reverse(), v])));
  });
}

test("modes divide by what they say", () => {
  const s = { ticks: [100, 400], samples: [100, 400], requests: [10, 20] };
  assert.deepEqual([changeOf(50, 300, s, "absolute").delta, changeOf(50, 300, s, "share").delta, changeOf(50, 300, s, "request").delta], [250, 0.25, 10]);
  assert.equal(changeOf(0, 5, s, "share").part, 1);
  assert.equal(changeOf(5, 0, s, "share").part, -1);
  assert.equal(changeOf(50, 200, s, "share").sure, false, "the same share");
  assert.equal(usualMode(s, true), "request");
  assert.equal(usualMode(sides(1, 1), true), "absolute");
  assert.equal(usualMode(sides(1, 1), false), "share");
});

test("± of a difference: its interval holds the truth in about 95 of 100 cases, tried one by one", () => {
  for (const mode of ["share", "absolute", "request"]) {
    const [n, o, p, q] = [120, 150, 0.25, 0.4];
    const s = { ticks: [n * 10, o * 10], samples: [n, o], requests: [n, o] };
    const truth = mode === "absolute" ? o * q * 10 - n * p * 10 : mode === "share" ? q - p : (q - p) * 10;
    const held = chance((k, m) => {
      const { delta, off } = changeOf(k * 10, m * 10, s, mode);
      return Math.abs(delta - truth) <= off;
    }, [n, p], [o, q]);
    assert.ok(held > 0.94 && held < 0.985, `${mode}: ${held}`);
  }
  assert.equal(changeOf(1, 2, { ticks: [1, 2], samples: [null, null], requests: [null, null] }, "share").off, null);
  assert.ok(changeOf(0, 0, { ticks: [100, 100], samples: [10, 10], requests: [null, null] }, "absolute").off > 10, "none seen is not none");
});

test("the main cause is a sure one", () => {
  const [a, b] = [fromStacks(plain("m;x=100 m;y=3")), fromStacks(plain("m;x=100 m;y=900"))];
  const s = sides(a.total, b.total);
  const p = layDiff(mergeProfiles(a, b), s, { mode: "absolute", base: "larger" });
  const { row, part } = mainCause(diffRows(p, s, "absolute"), b.total - a.total);
  assert.equal(p.names[row.name], "y");
  assert.equal(part, 1);
  assert.equal(mainCause(diffRows(p, sides(2, 3), "absolute").map((r) => ({ ...r, self: { ...r.self, sure: false } })), 1), null);
});

test("requests of a range come from the phases that cover it", () => {
  const phases = [{ name: "a", from: 0, until: 1000, data: { sent: 100 } }, { name: "b", from: 1000, until: null, data: { rate: 50 } }];
  assert.equal(requestsIn({ from: 0, until: 1000 }, phases), 100);
  assert.equal(requestsIn({ from: 500, until: 1500 }, phases), 75);
  assert.equal(requestsIn({ from: -5000, until: 1000 }, phases), null, "not covered");
});

/** Binomial probabilities, by their product. */
function binomial(n, p) {
  const out = [];
  let v = (1 - p) ** n;
  for (let k = 0; k <= n; k++) {
    out.push(v);
    v *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return out;
}

/** Exact chance that a test says "sure": every pair of outcomes is tried. */
function chance(test2, [n, p], [o, q]) {
  const [left, right] = [binomial(n, p), binomial(o, q)];
  let sum = 0;
  left.forEach((x, k) => right.forEach((y, m) => {
    if (test2(k, m, n, o)) sum += x * y;
  }));
  return sum;
}
const byShare = (k, m, n, o) => shareTest(k, n, m, o).sure;
const byRate = (k, m, n, o) => rateTest(k, n, m, o).sure;

for (const [n, o, p] of [[100, 100, 0.3], [200, 60, 0.1], [300, 300, 0.02], [40, 250, 0.5]]) {
  test(`equal shares of ${p} in ${n} and ${o} samples are called different at most once in 50`, () => {
    assert.ok(chance(byShare, [n, p], [o, p]) <= 0.02, `${chance(byShare, [n, p], [o, p])}`);
  });
}
test("equal rates are called different at most once in 50", () => {
  assert.ok(chance(byRate, [200, 0.05], [400, 0.05]) <= 0.02);
});
test("a real difference is seen", () => {
  assert.ok(chance(byShare, [200, 0.2], [200, 0.5]) > 0.99);
  assert.ok(chance(byRate, [200, 0.1], [200, 0.4]) > 0.99);
  assert.ok(shareTest(0, 100, 40, 100).z > 0 && shareTest(40, 100, 0, 100).z < 0);
  assert.equal(shareTest(0, 0, 0, 0).sure, false);
  assert.equal(rateTest(0, 1, 0, 1).sure, false);
});

test("a double with the same shape as its single profiles", () => {
  const p = decode({ names: ["total", "x"], levels: [[0, 2, 0, 0], [0, 2, 2, 1]] });
  assert.deepEqual(toStacks(p), [[["x"], 2]]);
});

test("the profiler's own share counts what it calls once", () => {
  assert.equal(profilerShare(fromStacks(plain("m;fk_a;x=10 m;fk_a;fk_b=5 m;y=85"))), 0.15);
  assert.equal(profilerShare(fromStacks([])), 0);
});

test("the sentence says when a side is empty, or has too little", () => {
  assert.equal(doubt([null, null]), "");
  assert.equal(doubt([30, 31]), "");
  assert.match(doubt([900, 29]), /Only 29 samples/);
  assert.match(doubt([0, 341]), /in A: move it/);
  assert.match(doubt([341, 0]), /in B: move it/);
});
