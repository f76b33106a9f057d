/**
 * Tells the server what was looked at, so that an exercise can check work
 * and not only answers. One report for one action; live refresh repeats
 * "viewed" at most every AGAIN_MS.
 */
import { coverage } from "./coverage.js";
import { nameOf } from "./layout.js";
import { filtersOf, formatMatcher, parseQuery } from "./query.js";

const AGAIN_MS = 15e3;
const QUIET_MS = 700;

/** The last call wins after `ms` of quiet. @template {unknown[]} A @param {(...a: A) => void} fn @param {number} ms */
function debounce(fn, ms) {
  let timer = 0;
  return (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(fn, ms, ...args);
  };
}

export class Activity {
  #viewed = new Map();

  /** @param {import("./api.js").Api} api @param {() => object|null} shown */
  constructor(api, shown) {
    this.api = api;
    this.shown = shown;
    this.search = debounce((q) => this.#search(q), QUIET_MS);
    this.filter = debounce((query) => this.#filter(query), QUIET_MS);
  }

  #post(view, data, more = {}) {
    const range = more.range ?? data.shownRange ?? data.range;
    if (!range) return;
    const { from, until } = range;
    this.api.activity({ view, query: more.query ?? this.query, from: Math.round(from), until: Math.round(until),
      focus: more.focus ?? "", detail: more.detail ?? {} });
  }

  /** A picture of `data` is on the screen. */
  painted(state, data) {
    this.query = state.query;
    const views = { graph: ["flamegraph"], both: ["flamegraph", "table"], table: ["table"], tree: ["flamegraph"], sandwich: ["flamegraph"] }[state.view];
    for (const view of views) {
      const what = [state.query, state.from, state.until, state.sel, data.profile === null].join("\n");
      const last = this.#viewed.get(view);
      if (last?.what === what && Date.now() - last.at < AGAIN_MS) continue;
      this.#viewed.set(view, { what, at: Date.now() });
      this.#post(view, data, { detail: { total: data.profile?.total ?? 0 } });
    }
  }

  /** The address changed. */
  changed(state, before, data) {
    const [query, old] = [parseQuery(state.query), parseQuery(before.query)];
    this.query = state.query;
    if (query.type !== old.type && old.type) this.#post("profile", data, { detail: { type: query.type } });
    const filters = filtersOf(query).map(formatMatcher).join(",");
    if (filters !== filtersOf(old).map(formatMatcher).join(",")) this.filter(filters);
    if (state.q !== before.q && state.q) this.search(state.q);
  }

  /** Another selection was resolved to a range. */
  selected(data) {
    this.#post("range", data, { range: data.sel });
  }

  zoomed(shown, data) {
    if (shown.zoom.level > 0) this.#post("zoom", data, { focus: nameOf(shown.profile, shown.zoom) });
  }

  #search(q) {
    const shown = this.shown();
    if (!shown?.marked) return;
    const { total, of } = coverage(shown.profile, shown.marked);
    this.#post("search", shown.data, { detail: { q, share: of ? total / of : 0 } });
  }

  #filter(filters) {
    const shown = this.shown();
    if (shown) this.#post("filter", shown.data, { detail: { filter: filters } });
  }
}
