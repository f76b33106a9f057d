/**
 * The Explore page: lays out its parts and hands each what it needs of the
 * state and the data. Parts that the first picture does not need arrive
 * after it and take over the properties that wait for them.
 */
import { give, h } from "./dom.js";
import { byWeight, functions } from "./flamebearer.js";
import { findPath, pathText } from "./layout.js";
import { parseQuery, serviceOf } from "./query.js";
import { typeInfo } from "./strings.js";
import "./flamegraph.js";

/** @typedef {import("./url.js").State} State */

/** As in stats.js, which comes after the first picture. */
const FEW_SAMPLES = 30;
const ROOT = { level: 0, index: 0 };
/** Views that say themselves what calls what. */
const UPRIGHT = new Set(["tree", "table", "sandwich"]);

/** Remembers the last result for the same arguments. @template {unknown[]} A @template R @param {(...args: A) => R} fn */
function lastOf(fn) {
  let args = [];
  let result;
  return (/** @type {A} */ ...next) => {
    if (next.length !== args.length || next.some((v, i) => v !== args[i])) {
      result = fn(...next);
      args = next;
    }
    return result;
  };
}

export class Explore {
  /** @param {HTMLElement} root @param {{set: (patch: Partial<State>) => void}} acts */
  constructor(root, acts) {
    this.acts = acts;
    this.#make(root);
    this.reshaped = lastOf((profile, fold, found) => (this.rest ? this.rest.reshaped(profile, fold, found) : profile));
    this.arranged = lastOf((profile, sort) => (sort === "weight" ? byWeight(profile) : profile));
    this.rows = lastOf((profile, inverted) => (inverted ? this.rest.invertedRows(profile) : functions(profile)));
    this.zoomed = lastOf(findPath);
    this.look = lastOf((mode, dark, rows, names, big) => ({ mode, dark, big, selfShare: selfShares(mode, rows, names) }));
    this.marked = lastOf((names, needle) => (needle ? this.searching.mark(names, needle.test) : null));
    this.needle = lastOf((q, searching) => (searching ? searching.compile(q) : null));
  }

  #make(root) {
    this.picker = h("fk-picker");
    this.timeline = h("fk-timeline");
    this.facts = h("fk-facts");
    this.tools = h("fk-tools");
    this.crumbs = h("fk-crumbs");
    this.graph = h("fk-flamegraph");
    this.legend = h("fk-legend");
    this.table = h("fk-table");
    this.tree = h("fk-calltree");
    this.sandwich = h("fk-sandwich");
    this.details = h("fk-details");
    this.tip = h("fk-tip");
    this.empty = h("fk-empty", { hidden: true });
    this.stage = h("div", { class: "stage" },
      h("section", { class: "card graph-card", "aria-label": "Flame graph" }, this.crumbs, h("fk-overview", { hidden: true }), this.graph, this.legend),
      h("section", { class: "card sandwich-card", "aria-label": "Callers and callees" }, this.sandwich),
      h("section", { class: "card table-card", id: "functions", "aria-label": "Functions" }, this.table),
      h("section", { class: "card tree-card", "aria-label": "Call tree" }, this.tree));
    this.panel = h("div", { class: "panel" }, this.facts, this.tools, this.stage, this.details);
    root.replaceChildren(
      h("div", { class: "explore" }, this.picker, this.timeline, this.panel, this.empty), this.tip);
    root.addEventListener("fk-zoom", (e) => this.zoomTo(e.detail.node));
    root.addEventListener("fk-hover", (e) => this.#hover(e.detail));
    root.addEventListener("fk-pin", (e) => this.#pin(e.detail.node));
  }

  /** @param {import("./flamebearer.js").Node} node */
  zoomTo(node) {
    this.acts.set({ zoom: pathText(this.shown.profile, node) });
  }

  #hover(detail) {
    give(this.tip, { hover: detail });
    give(this.table, { hover: detail && !detail.profile && this.shown ? this.#nameOf(detail.node) : null });
  }

  #nameOf(node) {
    const { profile } = this.shown;
    return profile.names[profile.levels[node.level].name[node.index]];
  }

  #pin(node) {
    const name = this.#nameOf(node);
    this.acts.set({ fn: this.state.fn === name || node.level === 0 ? "" : name });
  }

  /**
   * @param {State} state
   * @param {import("./data.js").Data["now"]} data
   * @param {{dark: boolean, searching: object|null, rest: object|null, away: object|null}} env
   */
  update(state, data, env) {
    this.state = state;
    this.searching = env.searching;
    this.rest = env.rest;
    const query = parseQuery(state.query);
    const type = typeInfo(query.type);
    const basics = { state, data, query, type, dark: env.dark, big: env.big };
    // Room for the search's answer.
    this.tools.classList.toggle("asked", state.q !== "");
    give(this.picker, basics);
    give(this.timeline, basics);
    this.timeline.hidden = !query.type;
    const drawable = data.profile !== null && data.profile.total > 0
      && serviceOf(data.shownQuery) === serviceOf(query);
    give(this.empty, { ...basics, away: env.away });
    this.empty.hidden = drawable;
    this.panel.hidden = !drawable;
    this.stage.dataset.view = state.view;
    this.panel.toggleAttribute("data-old", env.away !== null);
    if (drawable) this.#show(basics, data);
    else this.shown = null;
  }

  #show(basics, data) {
    const { state, dark } = basics;
    const folds = state.fold.split(",");
    const inverted = Boolean(this.rest) && folds.includes("inverted") && !UPRIGHT.has(state.view);
    const fold = inverted ? state.fold : folds.filter((f) => f !== "inverted").join();
    const shape = fold || this.rest?.subtree.found ? this.reshaped(data.profile, fold, this.rest?.subtree.found, this.rest) : data.profile;
    const profile = this.arranged(shape, state.sort);
    const rows = this.rows(profile, inverted);
    const { node } = this.zoomed(profile, state.zoom);
    const needle = this.needle(state.q, this.searching);
    const marked = this.marked(profile.names, needle);
    const type = typeInfo(data.shownQuery.type);
    const look = this.look(state.color, dark, rows, profile.names, basics.big);
    this.shown = { ...basics, type, profile, rows, inverted, zoom: node, needle, marked, look,
      samples: data.samples, flame: state.o === "flame" };
    give(this.graph, { profile, zoom: node, marked, fn: state.fn, look, flame: this.shown.flame,
      hatch: data.samples !== null && data.samples < FEW_SAMPLES && data.samples > 0 });
    for (const part of [this.facts, this.tools, this.crumbs, this.legend, this.table,
      this.tree, this.sandwich, this.details, this.tip]) give(part, this.shown);
  }

  /** What the keys act on. */
  get focus() {
    return this.shown ? this.graph.focusNode : ROOT;
  }
}

function selfShares(mode, rows, names) {
  if (mode !== "self") return undefined;
  const most = rows.reduce((m, r) => Math.max(m, r.self), 1);
  const out = new Float64Array(names.length);
  for (const r of rows) out[r.name] = r.self / most;
  return out;
}
