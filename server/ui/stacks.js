/**
 * All stacks of a range as one profile, without a budget of frames: what the
 * server sends as pprof.
 */
import { fetchPprof } from "./export.js";
import { bytesOf } from "./files.js";
import { readPprof } from "./pprof.js";
import { fromStacks } from "./trie.js";

/** @param {import("./query.js").Query} query @param {import("./time.js").Range} range @returns {Promise<import("./flamebearer.js").Profile>} */
export async function allStacks(query, range) {
  const profile = fromStacks(readPprof(await bytesOf(await fetchPprof(query, range))).stacks(0));
  if (!profile.total) throw new Error("the server sent no stacks");
  return profile;
}
