/** Readers of files, and what is written for other programs. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { readFile, readProfile } from "../../server/ui/files.js";
import { layDiff, mergeProfiles } from "../../server/ui/diff.js";
import { fromStacks, toStacks } from "../../server/ui/trie.js";
import { diffMarkdown, encoded, folded, foldedBoth, markdown, svg } from "../../server/ui/write.js";
import { decode } from "../../server/ui/flamebearer.js";
import { CARDS } from "../../server/ui/cards.js";
import { HOSTILE, random } from "./world.js";

const bytes = (text) => new TextEncoder().encode(text);
const stacks = (text, which = 0) => Object.fromEntries(toStacks(readProfile(bytes(text)).views[which].profile()).map(([s, v]) => [s.join(";"), v]));

test("folded stacks", () => {
  assert.deepEqual(stacks("# note\nmain;work 12\nmain;work 3\nmain;a b c 1\n"), { "main;work": 15, "main;a b c": 1 });
});
test("perf script", () => {
  const text = "demo 4711/4712 100.5: 10101 cpu-clock:\n\t    55d1 hash_rounds+0x12 (/usr/bin/demo)\n\t    55d0 main+0x3 (/usr/bin/demo)\n\n"
    + "demo 4711/4712 100.6: 10101 cpu-clock:\n\t    7f01 [unknown] (/usr/lib/libc.so.6)\n\t    55d0 main+0x3 (/usr/bin/demo)\n\n";
  assert.equal(readProfile(bytes(text)).format, "perf script");
  assert.deepEqual(stacks(text), { "demo;main;hash_rounds": 1, "demo;main;[libc.so.6]": 1 });
});
const SCOPE = { $schema: "https://www.speedscope.app/file-format-schema.json", shared: { frames: [{ name: "a" }, { name: "b" }] }, profiles: [
  { type: "sampled", name: "s", unit: "milliseconds", startValue: 0, endValue: 5, samples: [[0, 1], [0]], weights: [3, 2] },
  { type: "evented", name: "e", unit: "none", startValue: 0, endValue: 9, events: [{ type: "O", frame: 0, at: 0 }, { type: "O", frame: 1, at: 4 }, { type: "C", frame: 1, at: 7 }, { type: "C", frame: 0, at: 9 }] }] };
test("speedscope, sampled and evented", () => {
  assert.deepEqual(stacks(JSON.stringify(SCOPE)), { "a": 2e6, "a;b": 3e6 });
  assert.deepEqual(stacks(JSON.stringify(SCOPE), 1), { "a": 6, "a;b": 3 });
});
test("flamebearer JSON, as the page itself writes it", () => {
  const p = fromStacks([[["m", "x"], 5], [["m"], 2]]);
  assert.deepEqual(stacks(JSON.stringify(encoded(p))), { "m": 2, "m;x": 5 });
  assert.deepEqual(toStacks(decode(encoded(p).flamebearer)), toStacks(p));
});

/** A pprof of one stack main > inner (inlined) with two values, by hand. */
const field = (n, ...body) => [n * 8 + 2, body.length, ...body];
const str = (text) => field(6, ...bytes(text));
const PPROF = Uint8Array.from([
  ...field(1, 8, 1, 16, 2), ...field(1, 8, 3, 16, 4), // samples count, cpu nanoseconds
  ...field(2, ...field(1, 1, 2), ...field(2, 3, 150, 1)), // locations 1 2, values 3 150
  ...field(4, 8, 1, ...field(4, 8, 1), ...field(4, 8, 2)), ...field(4, 8, 2, ...field(4, 8, 3)),
  ...field(5, 8, 1, 16, 5), ...field(5, 8, 2, 16, 6), ...field(5, 8, 3, 16, 7),
  ...str(""), ...str("samples"), ...str("count"), ...str("cpu"), ...str("nanoseconds"), ...str("inner"), ...str("outer"), ...str("main")]);
test("pprof: each sample type, inlined frames in order", () => {
  const { views, format } = readProfile(PPROF);
  assert.equal(format, "pprof");
  assert.deepEqual(views.map((v) => v.label), ["samples (count)", "cpu (nanoseconds)"]);
  assert.deepEqual(toStacks(views[0].profile()), [[["main", "outer", "inner"], 3]]);
  assert.deepEqual(toStacks(views[1].profile()), [[["main", "outer", "inner"], 150]]);
});
test("a cut or changed pprof is refused or read, never hangs", () => {
  const rnd = random(5);
  for (let i = 0; i < 3000; i++) {
    const copy = i < PPROF.length ? PPROF.slice(0, i) : Uint8Array.from(PPROF, (b) => (rnd() < 0.03 ? Math.floor(rnd() * 256) : b));
    try {
      for (const v of readProfile(copy).views) v.profile();
    } catch (e) {
      assert.ok(e instanceof Error && e.message.length > 10 && !/undefined/.test(e.message), e.stack);
    }
  }
});
const BAD = [["", /empty/], ["{", /JSON/], ['{"a":1}', /neither/], ["main work\n", /Line 1/], ["FLR\0\0\0", /JFR/], ["# only a note\n", /no stack/],
  ['{"flamebearer":{"names":[],"levels":[]},"metadata":{"format":"double"}}', /two sides/]];
for (const [text, words] of BAD) {
  test(`refused with words: ${JSON.stringify(text.slice(0, 30))}`, () => assert.throws(() => readProfile(bytes(text)).views[0].profile(), words));
}
test("a file that is too large, and one that unpacks", async () => {
  await assert.rejects(readFile({ name: "big", size: 1e12 }), /larger than 64 MiB/);
  const { gzipSync } = await import("node:zlib");
  const content = await readFile(new File([gzipSync(bytes("m;x 7\n"))], "a.folded.gz"));
  assert.deepEqual(toStacks(content.views[0].profile()), [[["m", "x"], 7]]);
});

const FIXTURES = new URL("../../../shared/fixtures/pprof/", import.meta.url);
test("pprof files of other programs", (t) => {
  if (!existsSync(FIXTURES)) return t.skip("no fixtures here");
  let n = 0;
  for (const name of readdirSync(FIXTURES, { recursive: true })) {
    if (!/\.(pb|pprof|pb\.gz)$/.test(name)) continue;
    const raw = readFileSync(new URL(name, FIXTURES));
    const { views } = readProfile(new Uint8Array(raw[0] === 0x1f ? gunzipSync(raw) : raw));
    assert.ok(views.length > 0, name);
    n++;
  }
  return assert.ok(n > 0, `${n} files`);
});

const P = fromStacks([[["main", "a;b"], 70], [["main", "<b>&\"x"], 30], ...HOSTILE.map((name) => [["main", name], 1])]);
test("folded text can be read back", () => {
  const back = toStacks(readProfile(bytes(folded(P))).views[0].profile());
  assert.equal(back.reduce((sum, [, v]) => sum + v, 0), P.total);
  assert.ok(back.every(([s]) => s[0] === "main" && s.length === 2));
});
test("both sides folded", () => {
  const root = mergeProfiles(fromStacks([[["m", "x"], 1]]), fromStacks([[["m", "x"], 4], [["m"], 2]]));
  const lines = foldedBoth(layDiff(root, { ticks: [1, 6], samples: [1, 6], requests: [null, null] }, { mode: "absolute", base: "larger" }));
  assert.deepEqual(lines.trim().split("\n").sort(), ["m 0 2", "m;x 1 4"]);
});
test("SVG and Markdown carry names as text", () => {
  const out = svg(P, "a <title>", () => "#abc");
  assert.ok(out.includes("&lt;b&gt;&amp;&quot;x") && !/<script|<img|<b>/.test(out));
  assert.equal(out.match(/<g>/g).length, out.match(/<\/g>/g).length);
  const table = markdown(P, { unit: "nanoseconds" });
  assert.ok(table.split("\n").every((line) => line.startsWith("|") && line.split("|").length === 5), table);
  const change = { a: 1, b: 2, delta: 1, part: 0.5, sure: true };
  assert.match(diffMarkdown([{ name: 0, self: change, total: change }], ["x|y"], "share", { unit: "count" }), /`x_y` \| 100\.0 % \| 200\.0 % \| \+100 points/);
});

const EXAMPLES = { __memmove_avx_unaligned_erms: "Copies", _int_malloc: "memory", __lll_lock_wait: "lock", futex_wait: "kernel's side", epoll_wait: "events",
  __clock_nanosleep: "Sleeps", asm_exc_page_fault: "page", copy_user_enhanced_fast_string: "copies", "[vdso]": "clock", qsort: "Sorts",
  __libc_start_call_main: "before main", "0x55d0f00": "address", pthread_mutex_lock: "lock", __GI___libc_write: "", is_prime_slow: "primes" };
test("at least 60 cards, each whole; well-known frames find theirs", () => {
  assert.ok(CARDS.length >= 60, `${CARDS.length}`);
  for (const [pattern, nature, ...texts] of CARDS) {
    assert.ok(pattern instanceof RegExp && ["work", "wait"].includes(nature));
    assert.ok(texts.length === 3 && texts.every((t) => t.length > 15 && t.endsWith(".") || t.endsWith("?")), String(pattern));
  }
  for (const [name, words] of Object.entries(EXAMPLES)) {
    if (words) assert.match(CARDS.find(([p]) => p.test(name))?.[2] ?? "", new RegExp(words), name);
  }
});
