/** Statistics, timeline blocks and colours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pointsOff, secondsUntil, wilson } from "../../server/ui/stats.js";
import { blocks, niceAxis } from "../../server/ui/series.js";
import { luminance, palette } from "../../server/ui/paint.js";
import { offeredTypes, samplesTypeOf, typeInfo } from "../../server/ui/strings.js";

const near = (a, b, by = 0.0005) => assert.ok(Math.abs(a - b) < by, `${a} is not near ${b}`);

test("Wilson's interval", () => {
  for (const [p, n, low, high] of [[0.5, 100, 0.4038, 0.5962], [0, 10, 0, 0.2775], [1, 10, 0.7225, 1], [0.1, 1000, 0.0829, 0.1202]]) {
    const w = wilson(p, n);
    near(w.low, low);
    near(w.high, high);
  }
  assert.deepEqual([wilson(0.3, 0).low, wilson(0.3, 0).high], [0, 1]);
});

test("an error in points, and the time to a better one", () => {
  assert.equal(pointsOff(0.5, 2914), "±1.8");
  assert.equal(pointsOff(0.5, 30), "±17");
  assert.equal(secondsUntil(100, 10, 300), 20);
  assert.equal(secondsUntil(300, 10, 300), 0);
  assert.equal(secondsUntil(0, 10, 300), Infinity);
});

test("an upload every 15 s is no comb of spikes in 5 s buckets", () => {
  const points = [15, 30, 45, 60].map((s) => ({ t: s * 1000, v: 15e9 }));
  const drawn = blocks(points, 5000, false);
  for (const b of drawn) near(b.perSecond, 1e9, 1);
  drawn.slice(1).forEach((b, i) => assert.equal(b.from, drawn[i].until));
});

test("area stays true, and a gap stays a gap", () => {
  const points = [5, 10, 15, 60, 65].map((s) => ({ t: s * 1000, v: 5e9 }));
  const drawn = blocks(points, 5000, false);
  assert.equal(drawn.reduce((sum, b) => sum + (b.perSecond * (b.until - b.from)) / 1000, 0), 25e9);
  assert.ok(drawn[3].from - drawn[2].until > 30e3);
  assert.equal(blocks([{ t: 5000, v: 7 }], 5000, true)[0].perSecond, 7);
  assert.deepEqual(blocks([], 5000, false), []);
});

test("axes end at round numbers", () => {
  for (const [v, top] of [[0.97, 1], [1.1, 1.2], [13, 16], [0.24, 0.3], [0.0031, 0.004], [0, 1], [NaN, 1]]) near(niceAxis(v).top, top, 1e-9);
});

function contrast(a, b) {
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
  return (x + 0.05) / (y + 0.05);
}

test("names are readable on every colour, in both themes and all modes", () => {
  const names = ["total", ...Array.from({ length: 400 }, (_, i) => `function_${i}`), "_int_malloc", "do_syscall_64", "futex_wait", "0x1", "a/b.C", "x::y"];
  for (const dark of [false, true]) {
    for (const mode of ["module", "kind", "self"]) {
      const p = palette({ names, levels: [] }, { mode, dark, selfShare: Float64Array.from(names, (_, i) => i / names.length) });
      names.forEach((name, i) => {
        const rgb = [p.full[i] & 255, (p.full[i] >> 8) & 255, (p.full[i] >> 16) & 255];
        assert.ok(contrast(rgb, p.light[i] ? [255, 255, 255] : [26, 22, 19]) >= 4.1, `${name} ${mode} ${dark} ${rgb}`);
      });
    }
  }
});

test("types are offered by name, counts of samples last", () => {
  const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
  const all = ["memory:alloc_space:bytes:space:bytes", "wall:wall:nanoseconds:wall:nanoseconds", "process_cpu:samples:count:cpu:nanoseconds", cpu, "odd:thing:count::"];
  assert.deepEqual(offeredTypes(all).map((t) => t.label), ["CPU", "Wall", "Alloc", "odd thing", "CPU samples"]);
  assert.equal(samplesTypeOf(cpu, all), "process_cpu:samples:count:cpu:nanoseconds");
  assert.equal(samplesTypeOf("memory:alloc_space:bytes:space:bytes", all), null);
  assert.deepEqual(offeredTypes(["process_cpu:samples:count::milliseconds"]).length, 1, "alone it is offered");
  assert.equal(typeInfo("memory:inuse_space:bytes::").instant, true);
});
