/**
 * Which two things are compared: the sides A and B of the address, with
 * sensible ones where it names none. Pure.
 */
import { filtersOf, formatMatcher, parseQuery } from "./query.js";
import { clock, resolveRange } from "./time.js";

/** @typedef {import("./time.js").Range} Range */
/** @typedef {import("./time.js").Phase} Phase */
/** @typedef {{id: "left"|"right", name: "A"|"B", query: import("./query.js").Query, range: Range, words: string}} Side */

/** Room left of the first range and right of the last, as a part of both. */
const MARGIN = 0.06;
/** Ranges whose lengths differ by less than this part are equally long. */
const SAME = 0.02;
/** How much is compared on each side of a marker, at most. */
const MARKER_MS = 60e3;

const endOf = (p, now) => p.until ?? now;

/** The last two phases, else the two halves of the range. */
function usualRanges(whole, phases, now) {
  const done = [...phases].sort((a, b) => a.from - b.from).filter((p) => endOf(p, now) - p.from > 1000).slice(-2);
  if (done.length === 2) return done.map((p) => ({ from: p.from, until: endOf(p, now) }));
  const middle = (whole.from + whole.until) / 2;
  return [{ from: whole.from, until: middle }, { from: middle, until: whole.until }];
}

/** A range of equal length right before. @param {Range} r @returns {Range} */
export const previousOf = (r) => ({ from: r.from - (r.until - r.from), until: r.from });

/** Equal windows on both sides of a moment, no longer than what lies after it. */
export function aroundMarker(at, now) {
  const width = Math.min(MARKER_MS, now - at);
  return [{ from: at - width, until: at }, { from: at, until: at + width }];
}

function given(state, id, phases, now) {
  const from = state[`${id}From`];
  return from ? resolveRange(from, state[`${id}Until`] || "now", now, phases) : null;
}

/** What a range is: its phase's name, or its clock times. @param {Range} range @param {Phase[]} phases @param {number} now @param {boolean} utc */
export function rangeName(range, phases, now, utc) {
  const phase = phases.find((p) => Math.abs(p.from - range.from) < 1000 && Math.abs(endOf(p, now) - range.until) < 1000);
  return phase ? phase.name : `${clock(range.from, { utc })} – ${clock(range.until, { utc })}`;
}

function around(ranges) {
  const from = Math.min(...ranges.map((r) => r.from));
  const until = Math.max(...ranges.map((r) => r.until));
  const margin = (until - from) * MARGIN;
  return { from: from - margin, until: until + margin };
}

/**
 * @param {import("./url.js").State} state
 * @param {Phase[]} phases
 * @param {number} now
 * @returns {{hull: Range, sides: [Side, Side], equallyLong: boolean}}
 */
export function resolveSides(state, phases, now) {
  const outer = resolveRange(state.from, state.until, now, phases);
  const [a, b] = [given(state, "left", phases, now), given(state, "right", phases, now)];
  const usual = usualRanges(outer, phases, now);
  const later = a && usual[1].from > a.from ? usual[1] : null;
  const ranges = a && b ? [a, b] : a ? [a, later ?? { from: a.until, until: 2 * a.until - a.from }] : b ? [previousOf(b), b] : usual;
  const utc = state.tz === "utc";
  const sides = ["left", "right"].map((id, i) => {
    const query = parseQuery(state[`${id}Query`] || state.query);
    const labels = filtersOf(query).map(formatMatcher).join(" ");
    const words = [rangeName(ranges[i], phases, now, utc), labels].filter(Boolean).join(" ");
    return { id, name: "AB"[i], query, range: ranges[i], words };
  });
  const [x, y] = ranges.map((r) => r.until - r.from);
  return { hull: around(ranges), sides, equallyLong: Math.abs(x - y) <= SAME * Math.max(x, y) };
}
