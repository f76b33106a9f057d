/** Numbers as people read them, and names nobody should trust. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { count, duration, plural, rate, share, shown, significant, span, value } from "../../server/ui/format.js";

const ROWS = [
  [duration, [29.1e9], "29.1 s"], [duration, [840e6], "840 ms"], [duration, [612e9], "10.2 min"], [duration, [300e9], "300 s"], [duration, [12e3], "12.0 µs"],
  [duration, [0], "0 s"], [duration, [7200e9], "2.00 h"],
  [span, [30e3], "30 s"], [span, [300e3], "5 min"], [span, [5400e3], "1 h 30 min"], [span, [1500], "1.50 s"], [span, [90061e3], "1 d 1 h"],
  [value, [1536, "bytes"], "1.50 KiB"], [value, [0, "bytes"], "0 B"], [value, [48, "bytes"], "48 B"], [value, [-3.4, "bytes"], "-3.40 B"], [value, [1234, "count"], "1,234"], [value, [10e6, "nanoseconds"], "10.0 ms"],
  [rate, [0.97e9, "nanoseconds"], "0.97"], [rate, [2048, "bytes"], "2.00 KiB"], [rate, [123456, "count"], "123 k"], [rate, [3, "count"], "3.00"],
  [share, [0.7104], "71.0 %"], [share, [0.0001], "<0.1 %"], [share, [0], "0.0 %"], [share, [1], "100.0 %"], [share, [NaN], "–"],
  [count, [1234567], "1,234,567"], [significant, [0.0971], "0.097"], [plural, [1, "sample"], "1 sample"], [plural, [2914, "sample"], "2,914 samples"],
  [shown, [""], "(no name)"], [shown, ["\u202egnp.exe"], "\ufffdgnp.exe"], [shown, ["a\nb\u0000"], "a\ufffdb\ufffd"], [shown, ["日本語"], "日本語"],
];
for (const [fn, args, want] of ROWS) {
  test(`${fn.name}(${JSON.stringify(args[0])})`, () => assert.equal(fn(...args), want));
}

test("a very long name is cut in the middle", () => {
  const cut = shown("x".repeat(10000) + "end", 100);
  assert.ok(cut.length <= 100 && cut.endsWith("end") && cut.includes(" … "));
});
