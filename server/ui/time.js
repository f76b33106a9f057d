/**
 * Time on the page: what a person may type for a moment, which range a URL
 * means right now, and how moments are written. Pure; `now` is handed in.
 */

const UNIT_MS = { s: 1e3, m: 60e3, min: 60e3, h: 3600e3, d: 86400e3, w: 604800e3 };

/** Ranges offered by name: [expression, words]. */
export const PRESETS = [
  ["now-30s", "Last 30 s"], ["now-1m", "Last 1 min"], ["now-5m", "Last 5 min"],
  ["now-15m", "Last 15 min"], ["now-1h", "Last 1 h"], ["now-6h", "Last 6 h"],
  ["now-24h", "Last 24 h"],
];

/** Timeline buckets, in seconds; none is shorter than an agent's smallest upload. */
const STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 10800, 21600, 86400];
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800,
  21600, 43200, 86400, 172800, 604800];

function relative(text, now) {
  const m = /^now((?:[+-]\d+[a-z]+)*)$/.exec(text);
  if (!m) return null;
  let t = now;
  for (const [, sign, n, unit] of m[1].matchAll(/([+-])(\d+)([a-z]+)/g)) {
    if (!UNIT_MS[unit]) return null;
    t += (sign === "-" ? -1 : 1) * Number(n) * UNIT_MS[unit];
  }
  return t;
}

function clockToday(text, now, utc) {
  const m = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (!m) return null;
  const d = new Date(now);
  const [h, min, s] = [Number(m[1]), Number(m[2]), Number(m[3] ?? 0)];
  if (h > 23 || min > 59 || s > 59) return null;
  if (utc) d.setUTCHours(h, min, s, 0);
  else d.setHours(h, min, s, 0);
  return d.getTime();
}

function dated(text, utc) {
  const m = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?))?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text);
  if (!m) return null;
  const clock = (m[2] ?? "00:00").padStart(5, "0");
  const t = Date.parse(`${m[1]}T${clock}${m[3] ?? (utc ? "Z" : "")}`);
  return Number.isNaN(t) ? null : t;
}

/**
 * A moment as typed or linked: `now-5m`, seconds or milliseconds since 1970,
 * `14:03`, `14:03:20`, `2026-02-01 14:03`, with `Z` or an offset.
 * @param {string} text
 * @param {number} now milliseconds
 * @param {boolean} [utc] read clock times without a zone as UTC
 * @returns {number|null} milliseconds
 */
export function parseTime(text, now, utc = false) {
  const t = text.trim();
  if (/^\d{13}$/.test(t)) return Number(t);
  if (/^\d{9,10}$/.test(t)) return Number(t) * 1000;
  return relative(t.toLowerCase(), now) ?? clockToday(t, now, utc) ?? dated(t, utc);
}

/** @typedef {{from: number, until: number}} Range milliseconds */
/** @typedef {{name: string, from: number, until: number|null, run?: string}} Phase */

/** The newest phase of that name. @param {Phase[]} phases @param {string} name */
export function phaseNamed(phases, name) {
  return phases.filter((p) => p.name === name).sort((a, b) => b.from - a.from)[0] ?? null;
}

function runRange(phases, now) {
  const newest = phases.reduce((a, p) => (!a || p.from > a.from ? p : a), null);
  if (!newest) return null;
  const all = phases.filter((p) => p.run === newest.run);
  return {
    from: Math.min(...all.map((p) => p.from)),
    until: Math.max(...all.map((p) => p.until ?? now)),
  };
}

function named(text, phases, now) {
  if (text === "run:latest") return runRange(phases, now);
  if (!text.startsWith("phase:")) return null;
  const p = phaseNamed(phases, text.slice(6));
  return p && { from: p.from, until: p.until ?? now };
}

/**
 * What `from` and `until` of the URL mean now. A range that makes no sense
 * becomes the last five minutes and says so by `wrong`.
 * @param {string} from
 * @param {string} until
 * @param {number} now
 * @param {Phase[]} phases
 * @returns {Range & {wrong?: string, live: boolean}}
 */
export function resolveRange(from, until, now, phases) {
  const whole = named(from, phases, now);
  const a = whole ? whole.from : parseTime(from, now);
  const other = named(until, phases, now);
  const b = other ? other.until
    : whole && until === "now" ? whole.until : parseTime(until, now);
  if (a === null || b === null || b <= a) {
    const wrong = a === null ? from : b === null ? until : `${from} to ${until}`;
    return { from: now - 300e3, until: now, wrong, live: true };
  }
  return { from: a, until: b, live: /^now/.test(until) && !whole };
}

/**
 * The inner selection: "from-until" in milliseconds, or "phase:NAME".
 * @param {string} sel
 * @param {number} now
 * @param {Phase[]} phases
 * @returns {Range|null}
 */
export function resolveSelection(sel, now, phases) {
  const m = /^(\d{13})-(\d{13})$/.exec(sel);
  if (m) return Number(m[2]) > Number(m[1]) ? { from: Number(m[1]), until: Number(m[2]) } : null;
  return named(sel, phases, now);
}

/** A bucket for about `buckets` points. @param {Range} r @param {number} [buckets] @returns {number} seconds */
export function chooseStep(r, buckets = 120) {
  const want = (r.until - r.from) / 1000 / buckets;
  return STEPS_S.find((s) => s >= want) ?? STEPS_S.at(-1);
}

/** Round moments for an axis with at most `most` labels. @param {Range} r @param {number} most */
export function ticks(r, most) {
  const want = (r.until - r.from) / 1000 / Math.max(1, most);
  const step = (TICKS_S.find((s) => s >= want) ?? TICKS_S.at(-1)) * 1000;
  const out = [];
  for (let t = Math.ceil(r.from / step) * step; t <= r.until; t += step) out.push(t);
  return { step, times: out };
}

/** "+02:00", "UTC". @param {number} ms @param {boolean} utc */
export function zone(ms, utc) {
  if (utc) return "UTC";
  const off = -new Date(ms).getTimezoneOffset();
  if (off === 0) return "UTC";
  const two = (n) => String(n).padStart(2, "0");
  const size = Math.abs(off);
  return `${off < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** "14:03:20", with the day in front when asked. @param {number} ms @param {{utc?: boolean, day?: boolean, seconds?: boolean}} [how] */
export function clock(ms, { utc = false, day = false, seconds = true } = {}) {
  const d = new Date(utc ? ms : ms - new Date(ms).getTimezoneOffset() * 60e3);
  const iso = d.toISOString();
  const time = iso.slice(11, seconds ? 19 : 16);
  return day ? `${iso.slice(0, 10)} ${time}` : time;
}

/** A range in words: the preset's name, or clock times. @param {string} from @param {string} until @param {Range} r @param {boolean} utc */
export function rangeWords(from, until, r, utc) {
  if (until === "now") {
    const preset = PRESETS.find(([expr]) => expr === from);
    if (preset) return preset[1];
    const m = /^now-(\d+)([a-z]+)$/.exec(from);
    if (m) return `Last ${m[1]} ${m[2] === "m" ? "min" : m[2]}`;
  }
  if (from === "run:latest") return "This run";
  if (from.startsWith("phase:")) return `Phase ${from.slice(6)}`;
  const day = clock(r.from, { utc, day: true }).slice(0, 10)
    !== clock(r.until, { utc, day: true }).slice(0, 10);
  return `${clock(r.from, { utc, day })} – ${clock(r.until, { utc, day })}`;
}

/** The range moved by `part` of its length. @param {Range} r @param {number} part @returns {Range} */
export function shifted(r, part) {
  const by = Math.round((r.until - r.from) * part);
  return { from: r.from + by, until: r.until + by };
}

/** The range about its middle, `times` as long, not past `now`. @param {Range} r @param {number} times @param {number} now @returns {Range} */
export function widened(r, times, now) {
  const grow = ((r.until - r.from) * (times - 1)) / 2;
  const until = Math.min(now, r.until + grow);
  return { from: Math.round(until - (r.until - r.from) * times), until: Math.round(until) };
}
