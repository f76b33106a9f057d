/**
 * When the server merged small frames into "other", zooming asks again for
 * the zoomed part alone, with the whole budget of frames for it.
 */
import { decode } from "./flamebearer.js";
import { MERGED, nameOf, pathOf } from "./layout.js";
import { formatSelector } from "./query.js";

const STACKTRACES = "/querier.v1.QuerierService/SelectMergeStacktraces";

/** Does anything below this frame stand for frames that were left out? */
function isCut(profile, node) {
  let [from, to] = [node.index, node.index + 1];
  const id = profile.names.indexOf(MERGED);
  for (let l = node.level; id >= 0 && l < profile.levels.length && to > from; l++) {
    const level = profile.levels[l];
    for (let i = from; i < to; i++) if (level.name[i] === id) return true;
    [from, to] = [level.first[from], level.first[to]];
  }
  return false;
}

export class Subtree {
  /** What was fetched last: which profile it refines, where, and with what. */
  found = null;

  /** @param {object} app */
  constructor(app) {
    this.app = app;
  }

  /** Asks when what is shown is cut below the zoomed frame. @param {object} shown */
  async drawn(shown) {
    const { store, data, api } = this.app;
    const { state } = store;
    const coarse = data.now.profile;
    const key = [coarse, state.zoom, state.fold, state.maxNodes];
    const same = this.key?.every((v, i) => v === key[i]);
    if (same || !shown || data.now.frozen || shown.zoom.level === 0 || state.fold || !isCut(shown.profile, shown.zoom)) return;
    this.key = key;
    const { type, matchers } = data.now.shownQuery;
    const range = data.now.shownRange;
    const callSite = pathOf(shown.profile, shown.zoom).slice(1).map((n) => ({ name: nameOf(shown.profile, n) }));
    try {
      const answer = await api.json("subtree", STACKTRACES, { method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ profileTypeID: type, labelSelector: formatSelector(matchers), start: Math.round(range.from), end: Math.round(range.until),
          maxNodes: String(state.maxNodes), stackTraceSelector: { callSite } }) });
      if (this.key !== key || !answer.flamegraph) return;
      this.found = { of: coarse, zoom: state.zoom, profile: decode(answer.flamegraph) };
      this.app.drawn();
    } catch {
      // a server that cannot do this leaves the coarse picture
    }
  }
}
