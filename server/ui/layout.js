/**
 * Where things are in a flame graph: which node lies at a place, who calls
 * whom, and paths that name a node in an address. Pure.
 */

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {import("./flamebearer.js").Level} Level */
/** @typedef {import("./flamebearer.js").Node} Node */

/** What the server calls the frames it merged to keep its answer small. */
export const MERGED = "other";

/** Paths longer than this are written as their depth and one hash. */
const LONG_PATH = 48;

/** The first node of a row that ends after x. @param {Level} level @param {number} x */
export function firstEndingAfter(level, x) {
  let low = 0;
  let high = level.start.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (level.start[mid] + level.total[mid] > x) high = mid;
    else low = mid + 1;
  }
  return low;
}

/**
 * The first node after `i` that begins at x or later, searched in growing
 * steps: near answers are cheap, and nearest to a good guess of the first.
 * @param {Level} level
 * @param {number} i
 * @param {number} x
 * @param {number} [step]
 */
export function gallop({ start }, i, x, step = 1) {
  const n = start.length;
  let low = i;
  let high = i + step;
  for (let grown = step; high < n && start[high] < x; grown *= 2) {
    low = high;
    high = low + grown;
  }
  high = Math.min(high, n);
  low++;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (start[mid] < x) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** The node of a row at x, or -1 over a hole. @param {Level} level @param {number} x */
export function nodeAt(level, x) {
  const i = firstEndingAfter(level, x);
  return i < level.start.length && level.start[i] <= x ? i : -1;
}

/** @param {Profile} p @param {Node} n @returns {Node|null} */
export function parentOf(p, n) {
  return n.level > 0 ? { level: n.level - 1, index: p.levels[n.level].parent[n.index] } : null;
}

/** @param {Profile} p @param {Node} n @returns {Node[]} callers first, the node last */
export function pathOf(p, n) {
  const out = [];
  for (let at = n; at; at = parentOf(p, at)) out.push(at);
  return out.reverse();
}

/** @param {Profile} p @param {Node} n */
export function nameOf(p, n) {
  return p.names[p.levels[n.level].name[n.index]];
}

/** @param {Profile} p @param {Node} n @returns {Node[]} */
export function childrenOf(p, n) {
  const { first } = p.levels[n.level];
  const out = [];
  for (let i = first[n.index]; i < first[n.index + 1]; i++) out.push({ level: n.level + 1, index: i });
  return out;
}

/** @param {Profile} p @param {Node} n @returns {Node|null} */
export function heaviestChild(p, n) {
  const below = p.levels[n.level + 1];
  return childrenOf(p, n).reduce(
    (best, c) => (!best || below.total[c.index] > below.total[best.index] ? c : best), null);
}

/** The next frame to the left (-1) or right (+1) on the same row, inside `view`. @param {Profile} p @param {Node} n @param {number} step @param {{x0: number, x1: number}} view @returns {Node|null} */
export function neighbour(p, n, step, view) {
  const level = p.levels[n.level];
  const i = n.index + step;
  if (i < 0 || i >= level.start.length) return null;
  if (level.start[i] >= view.x1 || level.start[i] + level.total[i] <= view.x0) return null;
  return { level: n.level, index: i };
}

/** The part of the whole that is shown when `n` is zoomed. @param {Profile} p @param {Node} n */
export function viewOf(p, n) {
  const level = p.levels[n.level];
  const x0 = level?.start[n.index] ?? 0;
  return { x0, x1: x0 + (level?.total[n.index] ?? 1) };
}

/** FNV-1a, 32 bit. @param {string} text @param {number} [seed] */
export function hash(text, seed = 0x811c9dc5) {
  let v = seed;
  for (let i = 0; i < text.length; i++) {
    v = Math.imul(v ^ text.charCodeAt(i), 0x01000193);
  }
  return v >>> 0;
}

function chain(before, name) {
  return hash(name, Math.imul(before ^ 0x9e3779b9, 0x01000193));
}

/**
 * A node as the address names it: a hash of each name on its path, so that
 * the link survives a refresh and fits other data. The root is "".
 * @param {Profile} p
 * @param {Node} n
 */
export function pathText(p, n) {
  const names = pathOf(p, n).slice(1).map((m) => nameOf(p, m));
  if (names.length <= LONG_PATH) return names.map((x) => hash(x).toString(36)).join(".");
  return `~${names.length}.${names.reduce(chain, 0).toString(36)}`;
}

function findLong(p, depth, wanted) {
  let above = [0];
  for (let l = 1; l <= depth && l < p.levels.length; l++) {
    const level = p.levels[l];
    const here = new Array(level.name.length);
    for (let i = 0; i < here.length; i++) {
      here[i] = chain(above[level.parent[i]], p.names[level.name[i]]);
      if (l === depth && here[i].toString(36) === wanted) return { level: l, index: i };
    }
    above = here;
  }
  return null;
}

/**
 * The node a path text names, or as much of its path as exists here.
 * @param {Profile} p
 * @param {string} text
 * @returns {{node: Node, complete: boolean}}
 */
export function findPath(p, text) {
  let node = { level: 0, index: 0 };
  if (!text || !p.nodes) return { node, complete: !text };
  const long = /^~(\d{1,6})\.([0-9a-z]+)$/.exec(text);
  if (long) {
    const found = findLong(p, Number(long[1]), long[2]);
    return { node: found ?? node, complete: found !== null };
  }
  for (const part of text.split(".")) {
    const next = childrenOf(p, node).find((c) => hash(nameOf(p, c)).toString(36) === part);
    if (!next) return { node, complete: false };
    node = next;
  }
  return { node, complete: true };
}

/** All places of a function. @param {Profile} p @param {string} name @returns {Node[]} */
export function placesOf(p, name) {
  const wanted = p.names.indexOf(name);
  const out = [];
  if (wanted < 0) return out;
  p.levels.forEach((level, l) => level.name.forEach((n, i) => {
    if (n === wanted) out.push({ level: l, index: i });
  }));
  return out;
}

/** The places of a function that are not inside another of its places. @param {Profile} p @param {string} name @returns {Node[]} */
export function outermost(p, name) {
  return placesOf(p, name).filter((n) => !pathOf(p, n).slice(0, -1).some((up) => nameOf(p, up) === name));
}

/** What a function weighs; one place inside another counts once. @param {Profile} p @param {string} name */
export function totalOutermost(p, name) {
  return outermost(p, name).reduce((sum, n) => sum + p.levels[n.level].total[n.index], 0);
}
