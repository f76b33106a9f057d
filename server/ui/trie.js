/**
 * A call tree while it is being built: stacks or whole profiles go in, a
 * profile that can be drawn comes out. What is folded, turned round or
 * compared is built here. Pure.
 */
import { emptyLevel, linked } from "./flamebearer.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {Record<string, any> & {name: string, parent: Branch|null, kids: Map<string, Branch>, self: number, total: number}} Branch */

/** @param {string} name @param {Branch|null} parent @returns {Branch} */
export function branch(name, parent) {
  return { name, parent, kids: new Map(), self: 0, total: 0 };
}

/** The callee of that name, made when it is new. @param {Branch} at @param {string} name */
export function under(at, name) {
  let kid = at.kids.get(name);
  if (!kid) at.kids.set(name, (kid = branch(name, at)));
  return kid;
}

/** All branches, callers before callees. @param {Branch} root @returns {Branch[]} */
export function branches(root) {
  const all = [root];
  for (let i = 0; i < all.length; i++) all.push(...all[i].kids.values());
  return all;
}

/** Totals from selves: `total` from `self`, and so on for other pairs. @param {Branch[]} all @param {[string, string][]} pairs */
export function sumUp(all, pairs = [["self", "total"]]) {
  for (const [self, total] of pairs) {
    for (const b of all) b[total] = b[self] ?? 0;
    for (let i = all.length - 1; i > 0; i--) all[i].parent[total] += all[i][total];
  }
}

const ORDERS = {
  name: (a, b) => (a.name < b.name ? -1 : 1),
  weight: (a, b) => b.total - a.total || (a.name < b.name ? -1 : 1),
};

/** The row below. By name a caller's own time lies left of its callees, as on the wire; by weight right. */
function below(row, order) {
  const out = [];
  row.forEach(({ b, x }, parent) => {
    let at = order === "name" ? x + b.self : x;
    for (const kid of [...b.kids.values()].filter((k) => k.total > 0).sort(ORDERS[order])) {
      out.push({ b: kid, x: at, parent });
      at += kid.total;
    }
  });
  return out;
}

/**
 * @param {Branch} root with totals
 * @param {{extra?: string[], order?: "name"|"weight"}} [how] other numbers of
 *   the branches to take along into the levels
 * @returns {Profile}
 */
export function profileOf(root, { extra = [], order = "name" } = {}) {
  const names = new Map([[root.name, 0]]);
  const levels = [];
  const id = (name) => names.get(name) ?? (names.set(name, names.size), names.size - 1);
  for (let row = root.total > 0 ? [{ b: root, x: 0, parent: -1 }] : []; row.length; row = below(row, order)) {
    const level = emptyLevel(row.length);
    for (const key of extra) level[key] = Float64Array.from(row, ({ b }) => b[key] ?? 0);
    row.forEach(({ b, x, parent }, i) => {
      const node = { start: x, total: b.total, self: b.self, name: id(b.name), parent };
      for (const key in node) level[key][i] = node[key];
    });
    levels.push(level);
  }
  return linked([...names.keys()], levels);
}

/**
 * Adds a profile's own times to a tree.
 * @param {Branch} root
 * @param {Profile} profile
 * @param {string} [key] which number of the branches they are added to
 */
export function addProfile(root, profile, key = "self") {
  let above = [root];
  profile.levels.forEach((level, l) => {
    const here = Array.from(level.name, (name, i) =>
      (l === 0 ? root : under(above[level.parent[i]], profile.names[name])));
    here.forEach((b, i) => (b[key] = (b[key] ?? 0) + level.self[i]));
    above = here;
  });
}

/** @param {Iterable<[string[], number]>} stacks outermost first @returns {Profile} */
export function fromStacks(stacks) {
  const root = branch("total", null);
  for (const [stack, v] of stacks) {
    let at = root;
    for (const name of stack) at = under(at, name);
    at.self += v;
  }
  sumUp(branches(root));
  return profileOf(root);
}

/** The stacks of a profile with their own values, outermost first. @param {Profile} profile @returns {[string[], number][]} */
export function toStacks(profile) {
  const out = [];
  let above = [[]];
  profile.levels.forEach((level, l) => {
    above = Array.from(level.name, (name, i) => {
      const path = l === 0 ? [] : [...above[level.parent[i]], profile.names[name]];
      if (level.self[i] > 0) out.push([path, level.self[i]]);
      return path;
    });
  });
  return out;
}
