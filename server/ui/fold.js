/**
 * What may be left out of a picture, and the picture turned round: folding
 * recursion, libraries, the kernel, or one function into their callers,
 * dropping threads that wait for work, and the sandwich of one function. Pure.
 */
import { functions } from "./flamebearer.js";
import { shown } from "./format.js";
import { kindOf, moduleOf } from "./kinds.js";
import { nameOf, outermost, pathOf } from "./layout.js";
import { addProfile, branch, branches, profileOf, sumUp, under } from "./trie.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {import("./trie.js").Branch} Branch */

/** A thread in one of these has nothing to do. */
const IDLE = /^(?:wait_for_work|idle|cpu_idle|do_idle|__?sched_idle)$/;

/** Folds by the words of the address. */
export const FOLDS = {
  recursion: "a function that calls itself, directly or through others, is one frame",
  libs: "libraries are counted to the function that called them",
  kernel: "the kernel is counted to the function that called it",
  idle: "threads that wait for work are left out: only requests",
  inverted: "leaf first: what used the time is on top, its callers hang below",
};

/** One function, or all of a module. */
const ONE = /^(fn|pkg):(.+)$/s;

/** The name in "fn:malloc", or null. @param {string} fold */
export const nameIn = (fold) => ONE.exec(fold)?.[2] ?? null;

/** @param {string} text "recursion,libs,fn:malloc" @returns {Set<string>} */
export function foldsOf(text) {
  return new Set(text.split(",").map((w) => w.replace(/%2[5C]/g, decodeURIComponent)).filter((w) => Object.hasOwn(FOLDS, w) || ONE.test(w)));
}

/** The same as the address has it. @param {Iterable<string>} folds */
export function foldText(folds) {
  return [...folds].map((w) => w.replace(/[%,]/g, encodeURIComponent)).join(",");
}

/** With this fold, or without it when it is there. @param {string} text @param {string} fold */
export function foldToggled(text, fold) {
  const folds = foldsOf(text);
  if (!folds.delete(fold)) folds.add(fold);
  return foldText(folds);
}

/** What the button of the menu says. @param {string} fold @param {string} [besides] what has a button of its own @returns {string} */
export function foldWords(fold, besides = "") {
  const folds = foldsOf(fold);
  folds.delete(besides);
  return folds.size ? `Fold: ${[...folds].map((w) => shown(nameIn(w) ?? w, 24)).join(", ")}` : "Fold";
}

function ancestorNamed(at, name) {
  let b = at;
  while (b && b.name !== name) b = b.parent;
  return b;
}

/** What becomes of a name; a library that begins a thread stays. */
const [STAYS, GOES_UNDER_A_CALLER, GOES, LEFT_OUT] = [0, 1, 2, 3];

function fateOf(name, folds) {
  if (folds.has("idle") && IDLE.test(name)) return LEFT_OUT;
  const kind = kindOf(name);
  if ((folds.has("kernel") && kind === "kernel") || folds.has(`fn:${name}`) || folds.has(`pkg:${moduleOf(name)}`)) return GOES;
  return folds.has("libs") && kind === "lib" ? GOES_UNDER_A_CALLER : STAYS;
}

/**
 * Where frames go: a branch, their caller's branch when they are folded away,
 * or null when they are left out with all they call. Each name is asked once.
 * @param {Set<string>} folds
 * @returns {(at: Branch, name: string) => Branch|null}
 */
function placing(folds) {
  const fates = new Map();
  return (at, name) => {
    let fate = fates.get(name);
    if (fate === undefined) fates.set(name, (fate = fateOf(name, folds)));
    if (fate === LEFT_OUT) return null;
    if (fate === GOES || (fate === GOES_UNDER_A_CALLER && at.parent)) return at;
    return (folds.has("recursion") && at.parent && ancestorNamed(at, name)) || under(at, name);
  };
}

/** @param {Profile} profile @param {Set<string>} folds @returns {Profile} */
export function folded(profile, folds) {
  if (!folds.size || !profile.nodes) return profile;
  const root = branch(profile.names[0], null);
  const place = placing(folds);
  let above = [root];
  profile.levels.forEach((level, l) => {
    const here = new Array(level.name.length);
    for (let i = 0; i < here.length; i++) {
      const caller = l ? above[level.parent[i]] : root;
      here[i] = l === 0 ? root : caller && place(caller, profile.names[level.name[i]]);
      if (here[i]) here[i].self += level.self[i];
    }
    above = here;
  });
  const out = built(root);
  return folds.has("inverted") ? inverted(out) : out;
}

/** Each function that used time itself, with its callers below it. @param {Profile} profile @returns {Profile} */
function inverted(profile) {
  const root = branch(profile.names[0], null);
  profile.levels.forEach((level, l) => level.self.forEach((v, i) => {
    if (!v) return;
    const path = pathOf(profile, { level: l, index: i }).slice(1).reverse();
    path.reduce((at, n) => under(at, nameOf(profile, n)), root).self += v;
  }));
  return built(root);
}

/**
 * Self and total of each function where callers hang below what they call.
 * @param {Profile} profile inverted
 * @returns {import("./flamebearer.js").Row[]}
 */
export function invertedRows(profile) {
  const self = new Map();
  profile.levels[1]?.name.forEach((name, i) => self.set(name, (self.get(name) ?? 0) + profile.levels[1].total[i]));
  return functions(profile).map((row) => ({ ...row, self: self.get(row.name) ?? 0 }));
}

/**
 * The same for a tree that is not laid out yet.
 * @param {Branch} root
 * @param {Set<string>} folds
 * @param {string[]} keys its own numbers, such as selfA and selfB
 * @returns {Branch}
 */
export function foldedTree(root, folds, keys) {
  if (!folds.size) return root;
  const out = branch(root.name, null);
  const place = placing(folds);
  const todo = [[root, out]];
  for (let i = 0; i < todo.length; i++) {
    const [from, into] = todo[i];
    for (const key of keys) into[key] = (into[key] ?? 0) + (from[key] ?? 0);
    for (const kid of from.kids.values()) {
      const to = place(into, kid.name);
      if (to) todo.push([kid, to]);
    }
  }
  return out;
}

function built(root) {
  sumUp(branches(root));
  return profileOf(root, { order: "weight" });
}

/** Copies all below a node into a branch. */
function copyBelow(profile, node, into) {
  let [from, to] = [node.index, node.index + 1];
  let above = new Map([[node.index, into]]);
  into.self += profile.levels[node.level].self[node.index];
  for (let l = node.level; l + 1 < profile.levels.length && to > from; l++) {
    const { first } = profile.levels[l];
    [from, to] = [first[from], first[to]];
    const level = profile.levels[l + 1];
    const here = new Map();
    for (let i = from; i < to; i++) {
      const b = under(above.get(level.parent[i]), profile.names[level.name[i]]);
      b.self += level.self[i];
      here.set(i, b);
    }
    above = here;
  }
}

/**
 * One function with all it calls, and all that calls it, wherever it occurs.
 * @param {Profile} profile
 * @param {string} name
 * @returns {{callers: Profile, callees: Profile}} callers from the function outward
 */
export function sandwich(profile, name) {
  const [callers, callees] = [branch(name, null), branch(name, null)];
  for (const n of outermost(profile, name)) {
    copyBelow(profile, n, callees);
    let at = callers;
    for (const up of pathOf(profile, n).slice(1, -1).reverse()) at = under(at, nameOf(profile, up));
    at.self += profile.levels[n.level].total[n.index];
  }
  return { callers: built(callers), callees: built(callees) };
}

/**
 * A profile with one of its subtrees replaced by a finer one.
 * @param {Profile} profile
 * @param {import("./flamebearer.js").Node} node
 * @param {Profile} finer the whole path with only this subtree below it
 * @returns {Profile}
 */
export function grafted(profile, node, finer) {
  const root = branch(profile.names[0], null);
  let above = [root];
  profile.levels.forEach((level, l) => {
    above = Array.from(level.name, (name, i) => {
      const caller = l ? above[level.parent[i]] : root;
      if (!caller || (l === node.level && i === node.index)) return null;
      const b = l ? under(caller, profile.names[name]) : root;
      b.self += level.self[i];
      return b;
    });
  });
  addProfile(root, finer);
  return built(root);
}
