/** Time: what may be typed, what a range means, how it is written. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseStep, clock, parseTime, rangeWords, resolveRange, resolveSelection, shifted, ticks, widened, zone } from "../../server/ui/time.js";

const NOW = Date.UTC(2026, 1, 1, 14, 7, 12);
const PHASES = [
  { name: "cached", from: NOW - 300e3, until: NOW - 240e3, run: "r-1" },
  { name: "cached", from: NOW - 120e3, until: NOW - 60e3, run: "r-2" },
  { name: "open", from: NOW - 60e3, until: null, run: "r-2" },
];

const TYPED = [
  ["now", NOW], ["now-5m", NOW - 300e3], ["now-1h-30s", NOW - 3630e3], [" NOW-30S ", NOW - 30e3], ["now+1m", NOW + 60e3],
  ["1700000000000", 1700000000000], ["1700000000", 1700000000000],
  ["14:03", Date.UTC(2026, 1, 1, 14, 3)], ["9:03:20", Date.UTC(2026, 1, 1, 9, 3, 20)],
  ["2026-02-01", Date.UTC(2026, 1, 1)], ["2026-02-01 14:03", Date.UTC(2026, 1, 1, 14, 3)], ["2026-02-01T14:03:20Z", Date.UTC(2026, 1, 1, 14, 3, 20)],
  ["2026-02-01 14:03+02:00", Date.UTC(2026, 1, 1, 12, 3)],
  ["yesterday", null], ["now-5q", null], ["25:00", null], ["", null], ["2026-13-40", null],
];
for (const [text, want] of TYPED) {
  test(`typed: ${JSON.stringify(text)}`, () => assert.equal(parseTime(text, NOW, true), want));
}

test("a range by relative times follows now", () => {
  const r = resolveRange("now-5m", "now", NOW, []);
  assert.deepEqual([r.from, r.until, r.live], [NOW - 300e3, NOW, true]);
});

test("a phase is the newest of its name; an open one ends now", () => {
  assert.deepEqual(resolveSelection("phase:cached", NOW, PHASES), { from: NOW - 120e3, until: NOW - 60e3 });
  assert.deepEqual(resolveSelection("phase:open", NOW, PHASES), { from: NOW - 60e3, until: NOW });
  assert.equal(resolveSelection("phase:gone", NOW, PHASES), null);
  const r = resolveRange("phase:cached", "now", NOW, PHASES);
  assert.deepEqual([r.from, r.until, r.live], [NOW - 120e3, NOW - 60e3, false]);
});

test("run:latest covers all phases of the newest run", () => {
  const r = resolveRange("run:latest", "now", NOW, PHASES);
  assert.deepEqual([r.from, r.until], [NOW - 120e3, NOW]);
});

test("a range that makes no sense becomes five minutes and says so", () => {
  for (const [from, until] of [["nonsense", "now"], ["now", "now-5m"], ["phase:gone", "now"]]) {
    const r = resolveRange(from, until, NOW, PHASES);
    assert.equal(r.until - r.from, 300e3);
    assert.ok(r.wrong);
  }
});

test("selections in milliseconds", () => {
  assert.deepEqual(resolveSelection("1700000000000-1700000060000", NOW, []), { from: 1700000000000, until: 1700000060000 });
  for (const bad of ["1700000060000-1700000000000", "5-6", "x", ""]) assert.equal(resolveSelection(bad, NOW, []), null);
});

test("steps are never below five seconds and grow with the range", () => {
  const of = (s) => chooseStep({ from: 0, until: s * 1000 });
  assert.deepEqual([30, 300, 900, 3600, 86400, 7 * 86400].map(of), [5, 5, 10, 30, 900, 10800]);
});

test("ticks are round and few", () => {
  const { step, times } = ticks({ from: NOW, until: NOW + 300e3 }, 6);
  assert.equal(step, 60e3);
  assert.ok(times.every((t) => t % 60e3 === 0) && times.length <= 6);
});

test("ranges in words", () => {
  const r = { from: Date.UTC(2026, 1, 1, 14, 0), until: Date.UTC(2026, 1, 1, 14, 5) };
  assert.equal(rangeWords("now-5m", "now", r, true), "Last 5 min");
  assert.equal(rangeWords("now-7m", "now", r, true), "Last 7 min");
  assert.equal(rangeWords("phase:cached", "now", r, true), "Phase cached");
  assert.equal(rangeWords(String(r.from), String(r.until), r, true), "14:00:00 – 14:05:00");
});

test("shifting and widening", () => {
  const r = { from: 1000, until: 3000 };
  assert.deepEqual(shifted(r, -0.5), { from: 0, until: 2000 });
  assert.deepEqual(widened(r, 2, 1e6), { from: 0, until: 4000 });
  assert.deepEqual(widened(r, 2, 3000), { from: -1000, until: 3000 });
});

test("clock and zone", () => {
  assert.equal(clock(NOW, { utc: true }), "14:07:12");
  assert.equal(clock(NOW, { utc: true, day: true, seconds: false }), "2026-02-01 14:07");
  assert.equal(zone(NOW, true), "UTC");
});
