/**
 * How numbers are written for people: every value carries its unit, shares
 * have one decimal, and large values are scaled so that three digits remain.
 */

const NANOSECOND_STEPS = [
  [3600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"],
];
const BYTE_STEPS = [
  [2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"],
];
const SHORT_STEPS = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** One for each number of decimals: to make one takes longer than to use it. */
const formats = [];

/**
 * 1234567 -> "1,234,567".
 * @param {number} n
 * @param {number} [digits] decimals
 */
export function count(n, digits = 0) {
  formats[digits] ??= new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  return formats[digits].format(n);
}

/** Three significant digits: 29.1, 0.097, 840. @param {number} n */
export function significant(n) {
  const size = Math.abs(n);
  if (size === 0) return "0";
  if (size >= 100) return count(Math.round(n));
  if (size >= 10) return n.toFixed(1);
  if (size >= 1) return n.toFixed(2);
  return size >= 0.001 ? n.toPrecision(2) : String(Number(n.toPrecision(2)));
}

function scaled(n, steps) {
  const [size, unit] = steps.find(([s]) => Math.abs(n) >= s) ?? steps.at(-1);
  return `${significant(n / size)} ${unit}`;
}

/**
 * A duration in nanoseconds. Minutes and hours only from 10 min on, because
 * "612 s" compares more easily with its neighbours than "10.2 min".
 * @param {number} ns
 */
export function duration(ns) {
  if (ns === 0) return "0 s";
  const steps = Math.abs(ns) < 600e9 ? NANOSECOND_STEPS.slice(2) : NANOSECOND_STEPS;
  return scaled(ns, steps);
}

/** A length of wall time in words: "30 s", "5 min", "2 h 30 min". @param {number} ms */
export function span(ms) {
  const s = Math.round(ms / 1000);
  if (s < 120) return ms < 10000 && ms % 1000 ? `${significant(ms / 1000)} s` : `${s} s`;
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const out = [];
  let rest = s;
  for (const [size, unit] of parts) {
    const n = Math.floor(rest / size);
    if (n && out.length < 2) out.push(`${n} ${unit}`);
    rest -= n * size;
  }
  return out.join(" ");
}

/**
 * A profile value with the unit of its type ("nanoseconds", "bytes", other).
 * @param {number} v
 * @param {string} unit
 */
export function value(v, unit) {
  if (unit === "nanoseconds") return duration(v);
  if (unit === "bytes") return Math.abs(v) < 1024 && Number.isInteger(v) ? `${v} B` : scaled(v, BYTE_STEPS);
  return count(Math.round(v));
}

/**
 * A value per second as the timeline's axis shows it: CPU time per second
 * is a number of cores.
 * @param {number} perSecond
 * @param {string} unit
 */
export function rate(perSecond, unit) {
  if (unit === "nanoseconds") return significant(perSecond / 1e9);
  if (unit === "bytes") return perSecond === 0 ? "0 B" : scaled(perSecond, BYTE_STEPS);
  const step = SHORT_STEPS.find(([s]) => Math.abs(perSecond) >= s * 10);
  return step ? `${significant(perSecond / step[0])} ${step[1]}` : significant(perSecond);
}

/** 0.7104 -> "71.0 %"; small but not zero says so. @param {number} x */
export function share(x) {
  if (!Number.isFinite(x)) return "–";
  if (x > 0 && x < 0.0005) return "<0.1 %";
  return `${(x * 100).toFixed(1)} %`;
}

/** "1 sample", "2 samples". @param {number} n @param {string} one @param {string} [many] */
export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * A name from a stranger's binary, made safe to show: control characters and
 * those that turn the writing direction become visible, an empty name gets
 * words, and a very long one is cut in the middle.
 * @param {string} name
 * @param {number} [limit] characters
 */
export function shown(name, limit = 300) {
  if (name === "") return "(no name)";
  const tail = Math.min(36, limit >> 1);
  const cut = name.length > limit ? `${name.slice(0, limit - tail - 4)} … ${name.slice(-tail)}` : name;
  return cut.replace(UNSEEN, "\ufffd");
}
