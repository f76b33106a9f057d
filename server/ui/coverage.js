/**
 * What a search covers. Pure.
 */

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {import("./flamebearer.js").Node} Node */

/**
 * What all marked functions cover: the inclusive share counts a marked frame
 * under a marked frame once.
 * @param {Profile} profile
 * @param {Uint8Array} marked by name
 * @param {Node} [under] only below this node
 * @returns {{total: number, self: number, frames: number, of: number}}
 */
export function coverage(profile, marked, under = { level: 0, index: 0 }) {
  const out = { total: 0, self: 0, frames: 0, of: 0 };
  let from = under.index;
  let to = Math.min(under.index + 1, profile.levels[under.level]?.name.length ?? 0);
  if (to > from) out.of = profile.levels[under.level].total[from];
  let above = new Uint8Array(0);
  let base = 0;
  for (let l = under.level; l < profile.levels.length && to > from; l++) {
    const level = profile.levels[l];
    const inside = new Uint8Array(to - from);
    for (let i = from; i < to; i++) {
      const hit = marked[level.name[i]];
      const covered = l > under.level && above[level.parent[i] - base];
      inside[i - from] = hit || covered;
      if (!hit) continue;
      out.frames++;
      out.self += level.self[i];
      if (!covered) out.total += level.total[i];
    }
    [above, base] = [inside, from];
    [from, to] = [level.first[from], level.first[to]];
  }
  return out;
}
