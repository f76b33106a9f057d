/**
 * From the wire's flame graph to arrays that can be drawn, searched and
 * summed without making an object a node. Pure.
 *
 * A level is one row of the picture. Its nodes are sorted by `start`; node i
 * covers start[i] .. start[i]+total[i], hangs under parent[i] of the row
 * above, and its children are first[i] .. first[i+1]-1 of the row below.
 */

/**
 * @typedef {object} Level
 * @property {Float64Array} start
 * @property {Float64Array} total
 * @property {Float64Array} self
 * @property {Int32Array} name index into names
 * @property {Int32Array} parent index into the row above
 * @property {Int32Array} first one longer than the others
 */
/** @typedef {{names: string[], total: number, levels: Level[], nodes: number}} Profile */
/** @typedef {{level: number, index: number}} Node */

/** Numbers a node on the wire: offset, total, self, name. */
const STRIDE = 4;

/** @param {number} n @returns {Level} */
export function emptyLevel(n) {
  return {
    start: new Float64Array(n), total: new Float64Array(n), self: new Float64Array(n),
    name: new Int32Array(n), parent: new Int32Array(n), first: new Int32Array(n + 1),
  };
}

function shrunk(level, n) {
  if (n === level.name.length) return level;
  const out = {};
  for (const key in level) out[key] = level[key].slice(0, key === "first" ? n + 1 : n);
  return out;
}

function bad(row, what) {
  return new Error(`The server's flame graph cannot be drawn: row ${row} ${what}.`);
}

function checkedNode(row, node, above, p, names) {
  const { start, total, self, name } = node;
  if (!(name >= 0 && name < names) || !(self >= 0) || !(start >= 0)) {
    throw bad(row, "has a number out of range");
  }
  if (above && (p >= above.name.length || start < above.start[p]
    || start + total > above.start[p] + above.total[p])) {
    throw bad(row, "has a frame outside its caller");
  }
}

function decodeLevel(values, row, above, names) {
  if (!Array.isArray(values) || values.length % STRIDE) throw bad(row, "is incomplete");
  const level = emptyLevel(values.length / STRIDE);
  let x = 0;
  let n = 0;
  let p = 0;
  for (let i = 0; i < values.length; i += STRIDE) {
    const start = x + Number(values[i]);
    const total = Number(values[i + 1]);
    x = start + total;
    if (!(total > 0)) continue;
    while (above && p < above.name.length && above.start[p] + above.total[p] <= start) p++;
    const node = { start, total, self: Number(values[i + 2]), name: Number(values[i + 3]) };
    checkedNode(row, node, above, p, names);
    for (const key in node) level[key][n] = node[key];
    level.parent[n++] = above ? p : -1;
  }
  return shrunk(level, n);
}

function linkChildren(above, below) {
  let child = 0;
  const count = above.name.length;
  for (let i = 0; i < count; i++) {
    above.first[i] = child;
    while (child < below.parent.length && below.parent[child] === i) child++;
  }
  above.first[count] = child;
}

/** Levels that know their parents, made a profile. @param {string[]} names @param {Level[]} levels @returns {Profile} */
export function linked(names, levels) {
  for (let l = 0; l + 1 < levels.length; l++) linkChildren(levels[l], levels[l + 1]);
  const nodes = levels.reduce((sum, level) => sum + level.name.length, 0);
  return { names, levels, nodes, total: levels[0]?.total[0] ?? 0 };
}

/**
 * @param {{names: string[], levels: (number[]|{values: (string|number)[]})[]}} fb
 *   as /pyroscope/render or SelectMergeStacktraces give it
 * @returns {Profile}
 */
export function decode(fb) {
  if (!fb || !Array.isArray(fb.names) || !Array.isArray(fb.levels)) {
    throw new Error("The server's answer holds no flame graph.");
  }
  const levels = [];
  for (const [row, raw] of fb.levels.entries()) {
    const values = Array.isArray(raw) ? raw : raw?.values ?? [];
    const level = decodeLevel(values, row, levels.at(-1), fb.names.length);
    if (level.name.length === 0) break;
    if (row === 0 && level.name.length !== 1) throw bad(0, "has more than one root");
    levels.push(level);
  }
  return linked(fb.names.map(String), levels);
}

function childOrder(level, order, below) {
  const out = new Int32Array(below.name.length);
  let n = 0;
  for (const old of order) {
    const from = level.first[old];
    const to = level.first[old + 1];
    if (to - from === 1) {
      out[n++] = from;
      continue;
    }
    const children = Array.from({ length: to - from }, (_, k) => from + k);
    children.sort((a, b) => below.total[b] - below.total[a] || a - b);
    for (const c of children) out[n++] = c;
  }
  return out;
}

function rearranged(level, order, place, above) {
  const out = emptyLevel(order.length);
  let p = -1;
  let x = 0;
  for (let i = 0; i < order.length; i++) {
    const old = order[i];
    const parent = above ? place[level.parent[old]] : -1;
    if (parent !== p) x = above.start[parent];
    p = parent;
    out.start[i] = x;
    out.total[i] = level.total[old];
    out.self[i] = level.self[old];
    out.name[i] = level.name[old];
    out.parent[i] = parent;
    x += level.total[old];
  }
  return out;
}

/**
 * The same profile with heavy children to the left and a caller's own time
 * to the right of what it calls.
 * @param {Profile} profile
 * @returns {Profile}
 */
export function byWeight(profile) {
  const levels = [];
  let order = Int32Array.from(profile.levels[0]?.name ?? [], (_, i) => i);
  let place = null;
  for (const [l, level] of profile.levels.entries()) {
    levels.push(rearranged(level, order, place, levels.at(-1)));
    const below = profile.levels[l + 1];
    if (!below) break;
    place = new Int32Array(order.length);
    order.forEach((old, i) => (place[old] = i));
    order = childOrder(level, order, below);
  }
  return linked(profile.names, levels);
}

/** Calls enter and leave for each node, callers first, without recursion. */
export function walk(profile, enter, leave) {
  const stack = [{ level: 0, next: 0, end: Math.min(1, profile.nodes) }];
  while (stack.length) {
    const top = stack.at(-1);
    if (top.next === top.end) {
      stack.pop();
      const up = stack.at(-1);
      if (up) leave(up.level, up.next++);
      continue;
    }
    enter(top.level, top.next);
    const { first } = profile.levels[top.level];
    stack.push({ level: top.level + 1, next: first[top.next], end: first[top.next + 1] });
  }
}

/**
 * A row for each function but the root. `add` is told of every frame, and
 * whether it is the outermost of its function: one that calls itself counts
 * once in its total.
 * @template T
 * @param {Profile} profile
 * @param {() => T} empty
 * @param {(row: T, level: any, i: number, outermost: boolean) => void} add
 * @returns {Map<number, T>} by name
 */
export function byFunction(profile, empty, add) {
  const rows = new Map();
  const active = new Int32Array(profile.names.length);
  walk(profile, (l, i) => {
    const level = profile.levels[l];
    const name = level.name[i];
    const outermost = active[name]++ === 0;
    if (l === 0) return;
    let row = rows.get(name);
    if (!row) rows.set(name, (row = empty()));
    add(row, level, i, outermost);
  }, (l, i) => active[profile.levels[l].name[i]]--);
  return rows;
}

/** @typedef {{name: number, self: number, total: number, places: number}} Row */

/** Self and total of each function. @param {Profile} profile @returns {Row[]} */
export function functions(profile) {
  const rows = byFunction(profile, () => ({ self: 0, total: 0, places: 0 }), (row, level, i, outermost) => {
    row.self += level.self[i];
    row.places++;
    if (outermost) row.total += level.total[i];
  });
  return [...rows].map(([name, r]) => ({ name, ...r }));
}
