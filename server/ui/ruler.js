/**
 * The reading ruler: how often two functions are on the stack, alone and
 * together, and whether one calls the other. And how much of a profile is
 * the profiler's own. Pure.
 */
import { walk } from "./flamebearer.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */

/** Functions of the profiler inside of the profiled program. */
const PROFILER = /^(?:flamekit_|fk_)/;

/**
 * @param {Profile} profile
 * @param {string} a
 * @param {string} b
 * @returns {{a: number, b: number, both: number, aCallsB: number, bCallsA: number}} shares of all; direct or through others
 */
export function ruler(profile, a, b) {
  const [idA, idB] = [profile.names.indexOf(a), profile.names.indexOf(b)];
  const out = { a: 0, b: 0, both: 0, aCallsB: 0, bCallsA: 0 };
  /** For each open frame: [A was met, B was met, B below A, A below B]. */
  const open = [[false, false, false, false]];
  walk(profile, (l, i) => {
    const level = profile.levels[l];
    const [hasA, hasB, ab, ba] = open.at(-1);
    const [isA, isB] = [level.name[i] === idA, level.name[i] === idB];
    const here = [hasA || isA, hasB || isB, ab || (hasA && isB), ba || (hasB && isA)];
    open.push(here);
    const v = level.self[i] / profile.total;
    out.a += here[0] ? v : 0;
    out.b += here[1] ? v : 0;
    out.both += here[0] && here[1] ? v : 0;
    out.aCallsB += here[2] ? v : 0;
    out.bCallsA += here[3] ? v : 0;
  }, () => open.pop());
  return out;
}

/** The share of the profiler's own functions, with all that they call. @param {Profile} profile */
export function profilerShare(profile) {
  if (!profile.total) return 0;
  let [own, depth] = [0, 0];
  const isOwn = profile.names.map((n) => PROFILER.test(n));
  walk(profile, (l, i) => {
    const level = profile.levels[l];
    if (isOwn[level.name[i]]) depth++;
    if (depth) own += level.self[i];
  }, (l, i) => {
    if (isOwn[profile.levels[l].name[i]]) depth--;
  });
  return own / profile.total;
}
