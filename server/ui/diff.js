/**
 * Two profiles as one: both sides of every frame, a width that fits either,
 * and whether the difference is more than chance. Pure.
 */
import { byFunction } from "./flamebearer.js";
import { foldedTree } from "./fold.js";
import { rateTest, shareOff, shareTest, sumOff } from "./stats.js";
import { addProfile, branch, branches, profileOf, sumUp, under } from "./trie.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {import("./trie.js").Branch} Branch */
/**
 * @typedef {object} Sides what is known about A and B
 * @property {[number, number]} ticks their sums
 * @property {[number|null, number|null]} samples
 * @property {[number|null, number|null]} requests
 */
/** @typedef {"absolute"|"share"|"request"} Mode */

const STRIDE = 7;
const EXTRA = ["selfA", "selfB", "totalA", "totalB"];

/** The frame above that holds an interval of either side. */
function holder(row, from, key, x) {
  let p = from;
  while (p < row.length && row[p][key] + row[p].total[key] <= x) p++;
  return p;
}

function readRow(values, above, names) {
  const row = [];
  const x = { A: 0, B: 0 };
  const p = { A: 0, B: 0 };
  for (let i = 0; i < values.length; i += STRIDE) {
    const at = { A: x.A + values[i], B: x.B + values[i + 3] };
    const total = { A: values[i + 1], B: values[i + 4] };
    x.A = at.A + total.A;
    x.B = at.B + total.B;
    const key = total.A > 0 ? "A" : "B";
    if (!(total[key] > 0)) continue;
    p[key] = above ? holder(above, p[key], key, at[key]) : 0;
    const name = names[values[i + 6]];
    if (name === undefined || (above && !above[p[key]])) throw new Error("The server's diff cannot be drawn.");
    const b = above ? under(above[p[key]].b, name) : branch("total", null);
    b.selfA = (b.selfA ?? 0) + values[i + 2];
    b.selfB = (b.selfB ?? 0) + values[i + 5];
    row.push({ b, total, ...at });
  }
  return row;
}

/**
 * The wire's double flame graph as a tree with selfA and selfB.
 * @param {{names: string[], levels: (number[]|{values: number[]})[]}} fb
 * @returns {Branch}
 */
export function readDouble(fb) {
  if (!Array.isArray(fb?.names) || !Array.isArray(fb.levels)) throw new Error("The server's answer holds no diff.");
  let above = null;
  let root = branch("total", null);
  for (const raw of fb.levels) {
    const values = (Array.isArray(raw) ? raw : raw?.values ?? []).map(Number);
    if (values.length % STRIDE) throw new Error("The server's diff is incomplete.");
    const row = readRow(values, above, fb.names);
    if (!row.length) break;
    if (!above) root = row[0].b;
    above = row;
  }
  return root;
}

/** Two profiles as a tree with selfA and selfB. @param {Profile} a @param {Profile} b @returns {Branch} */
export function mergeProfiles(a, b) {
  const root = branch("total", null);
  addProfile(root, a, "selfA");
  addProfile(root, b, "selfB");
  return root;
}

/** What a value of each side is divided by. @param {Sides} sides @param {Mode} mode @returns {[number, number]} */
export function divisors({ ticks, requests }, mode) {
  const by = mode === "share" ? ticks : mode === "request" ? requests : [1, 1];
  return [by[0] || 1, by[1] || 1];
}

/**
 * The tree as a profile: as wide as A, as B, or as the larger of each
 * frame's own time, so that callers always cover what they call.
 * @param {Branch} root
 * @param {Sides} sides
 * @param {{mode: Mode, base: "a"|"b"|"larger", order?: "name"|"weight"}} how
 * @returns {Profile} with selfA, selfB, totalA, totalB in its levels
 */
export function layDiff(root, sides, { mode, base, order }) {
  const [byA, byB] = divisors(sides, mode);
  const width = { a: (a) => a, b: (a, b) => b, larger: Math.max }[base];
  const all = branches(root);
  for (const b of all) b.self = width((b.selfA ?? 0) / byA, (b.selfB ?? 0) / byB);
  sumUp(all, [["self", "total"], ["selfA", "totalA"], ["selfB", "totalB"]]);
  return profileOf(root, { extra: EXTRA, order });
}

/**
 * @typedef {object} Change
 * @property {number} a in the unit of the mode
 * @property {number} b
 * @property {number} delta b - a
 * @property {number} part -1 (gone) .. 1 (new): delta over the larger side
 * @property {boolean} sure more than chance, as far as samples can tell
 * @property {number|null} off how far delta may be off; null when nobody counted samples
 */

/**
 * @param {number} a raw value of side A
 * @param {number} b
 * @param {Sides} sides
 * @param {Mode} mode
 * @returns {Change}
 */
export function changeOf(a, b, sides, mode) {
  const [byA, byB] = divisors(sides, mode);
  const [x, y] = [a / byA, b / byB];
  const most = Math.max(x, y);
  return { a: x, b: y, delta: y - x, part: most ? (y - x) / most : 0, ...trust(a, b, sides, mode) };
}

/** Is it more than chance, and how far may it be off? */
function trust(a, b, sides, mode) {
  const { ticks, samples } = sides;
  if (samples[0] === null || samples[1] === null) return { sure: a !== b, off: null };
  const count = (v, side) => (ticks[side] ? Math.round((v / ticks[side]) * samples[side]) : 0);
  const [k, m] = [count(a, 0), count(b, 1)];
  if (mode === "share") return { sure: shareTest(k, samples[0], m, samples[1]).sure, off: shareOff(k, samples[0], m, samples[1]) };
  const by = divisors(sides, mode);
  const off = (n, side) => (samples[side] ? sumOff(n, ticks[side] / samples[side] / by[side]) : 0);
  return { sure: rateTest(k, ...(mode === "request" ? [by[0], m, by[1]] : [1, m, 1])).sure, off: Math.hypot(off(k, 0), off(m, 1)) };
}

/**
 * Both sides folded; what is left out is missing from their sums as well.
 * @param {{tree: Branch, sides: Sides}} loaded
 * @param {Set<string>} folds
 */
export function foldSides({ tree, sides }, folds) {
  const out = foldedTree(tree, folds, ["selfA", "selfB"]);
  const sum = (key) => branches(out).reduce((n, b) => n + (b[key] ?? 0), 0);
  const ticks = out === tree ? sides.ticks : [sum("selfA"), sum("selfB")];
  if (out === tree || !(ticks[0] + ticks[1])) return { tree, sides };
  const samples = sides.samples.map((n, i) => (n === null || !sides.ticks[i] ? n : Math.round((n * ticks[i]) / sides.ticks[i])));
  return { tree: out, sides: { ...sides, ticks, samples } };
}

/** @typedef {{name: number, self: Change, total: Change}} DiffRow */

/** Each function of both sides; one that calls itself counts once in its total. @param {Profile} profile from layDiff @param {Sides} sides @param {Mode} mode @returns {DiffRow[]} */
export function diffRows(profile, sides, mode) {
  const sums = byFunction(profile, () => ({ selfA: 0, selfB: 0, totalA: 0, totalB: 0 }), (row, level, i, outermost) => {
    row.selfA += level.selfA[i];
    row.selfB += level.selfB[i];
    if (!outermost) return;
    row.totalA += level.totalA[i];
    row.totalB += level.totalB[i];
  });
  return [...sums].map(([name, r]) => ({ name,
    self: changeOf(r.selfA, r.selfB, sides, mode), total: changeOf(r.totalA, r.totalB, sides, mode) }));
}

/** The fairest mode that the facts allow. @param {Sides} sides @param {boolean} equallyLong @returns {Mode} */
export function usualMode({ requests }, equallyLong) {
  if (requests[0] > 0 && requests[1] > 0) return "request";
  return equallyLong ? "absolute" : "share";
}

/** The function whose own time explains most of the difference. @param {DiffRow[]} rows @param {number} delta of the whole @returns {{row: DiffRow, part: number|null}|null} */
export function mainCause(rows, delta) {
  const sure = rows.filter((r) => r.self.sure);
  const size = (r) => (delta ? r.self.delta * Math.sign(delta) : Math.abs(r.self.delta));
  const row = sure.reduce((best, r) => (!best || size(r) > size(best) ? r : best), null);
  if (!row || size(row) <= 0) return null;
  return { row, part: delta ? row.self.delta / delta : null };
}

/** Requests that were sent in a range, from the phases that cover it; null when they do not. @param {{from: number, until: number}} range @param {import("./time.js").Phase[]} phases */
export function requestsIn(range, phases) {
  let [sum, covered] = [0, 0];
  for (const p of phases) {
    const until = p.until ?? range.until;
    const overlap = Math.min(until, range.until) - Math.max(p.from, range.from);
    if (overlap <= 0) continue;
    const { ok, sent, rate } = p.data;
    const known = Number((p.until !== null && (ok || sent)) || (Number(rate) * (until - p.from)) / 1000);
    if (!(known > 0)) continue;
    sum += (known * overlap) / (until - p.from);
    covered += overlap;
  }
  return covered >= 0.8 * (range.until - range.from) ? Math.round(sum) : null;
}
