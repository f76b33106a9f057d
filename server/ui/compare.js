/**
 * What Comparison and Diff share: two sides, each with its labels and range,
 * one timeline with two brushes, presets, and the loading of both.
 */
import { labelNames, labelValues } from "./ask.js";
import { give, h, icon } from "./dom.js";
import { filtersOf, formatQuery, parseQuery, serviceOf, withService } from "./query.js";
import { openPresets } from "./presets.js";
import { resolveSides } from "./sides.js";
import { samplesTypeOf, typeInfo } from "./strings.js";
import { chooseStep } from "./time.js";
import { span } from "./format.js";

/** @typedef {import("./sides.js").Side} Side */
/** @typedef {import("./url.js").State} State */

/** Parameters that change what is fetched. */
const ASKED = ["query", "from", "until", "leftQuery", "leftFrom", "leftUntil", "rightQuery", "rightFrom", "rightUntil", "maxNodes"];
const SWAPPED = ["Query", "From", "Until"];

/** The address of both sides in one document. @param {Side[]} sides @param {number} maxNodes */
export function diffUrl(sides, maxNodes) {
  const p = new URLSearchParams({ "max-nodes": String(maxNodes) });
  for (const { id, query, range } of sides) {
    p.set(`${id}Query`, formatQuery(query));
    p.set(`${id}From`, String(Math.round(range.from)));
    p.set(`${id}Until`, String(Math.round(range.until)));
  }
  return `/pyroscope/render-diff?${p}`;
}

/** What both sides of a diff's document add up to; a side of nothing is left out. */
export function ticksOf(doc) {
  return [Number(doc.leftTicks ?? 0), Number(doc.rightTicks ?? 0)];
}

export class Compare {
  #turn = 0;

  /** @param {HTMLElement} root @param {object} app */
  constructor(root, app) {
    this.app = app;
    this.now = { sides: null, loaded: null, error: null, points: [], step: 5 };
    this.timeline = h("fk-timeline");
    this.sideBars = ["left", "right"].map((id) => this.#makeSide(id));
    this.body = h("div", { class: "compare-body" });
    this.picker = h("fk-picker", { on: { "fk-set": (e) => this.#choose(e) } });
    this.root = h("div", { class: "explore compare" }, this.picker,
      h("div", { class: "sides" }, this.sideBars[0].root,
        h("div", { class: "between" }, h("button", { type: "button", class: "quiet swap", title: "Swap the sides (x)", "aria-label": "Swap the sides", on: { click: () => this.swap() } }, icon("swap")),
          this.presets = h("button", { type: "button", "aria-haspopup": "dialog", on: { click: () => openPresets(this.presets, this) } }, "Compare…")),
        this.sideBars[1].root),
      this.timeline, this.body);
    root.replaceChildren(this.root, this.tip = h("fk-tip"));
    this.root.addEventListener("fk-complete", (e) => this.#complete(e));
  }

  #makeSide(id) {
    const name = id === "left" ? "A" : "B";
    const filter = h("fk-filter", { on: { "fk-set": (e) => {
      e.stopPropagation();
      this.app.store.push({ [`${id}Query`]: e.detail.query });
    } } });
    const words = h("span", { class: "side-words" });
    const root = h("section", { class: `card side ${id}`, "aria-label": `Side ${name}` },
      h("strong", { class: "side-name", title: id === "left" ? "Baseline" : "Comparison" }, name), words, filter,
      h("button", { type: "button", class: "quiet", title: `Open ${name} alone in Explore`, on: { click: () => this.#openAlone(id) } }, "open"));
    return { id, root, words, filter };
  }

  get sides() {
    return this.now.sides?.sides;
  }

  #openAlone(id) {
    const side = this.sides?.find((s) => s.id === id);
    if (!side) return;
    const { from, until } = side.range;
    this.app.go("explore", { query: formatQuery(side.query), from: String(Math.round(from)), until: String(Math.round(until)), sel: "", live: 0 });
  }

  /** Service and profile type are those of both sides; each keeps its labels. */
  #choose(e) {
    e.stopPropagation();
    const { type, matchers } = parseQuery(e.detail.query);
    const { state } = this.app.store;
    const patch = { zoom: "", fn: "" };
    for (const name of ["query", "leftQuery", "rightQuery"]) {
      patch[name] = state[name] && formatQuery({ type, matchers: withService(serviceOf({ matchers }), filtersOf(parseQuery(state[name]))) });
    }
    this.app.store.push(patch);
  }

  swap() {
    const { sides } = this;
    if (!sides) return;
    const patch = {};
    sides.forEach((side, i) => {
      const to = sides[1 - i].id;
      patch[`${to}Query`] = formatQuery(side.query);
      patch[`${to}From`] = String(Math.round(side.range.from));
      patch[`${to}Until`] = String(Math.round(side.range.until));
    });
    const { state } = this.app.store;
    if (state.leftFrom && state.rightFrom) {
      for (const part of SWAPPED) [patch[`left${part}`], patch[`right${part}`]] = [state[`right${part}`], state[`left${part}`]];
    }
    this.app.store.push(patch);
  }

  #complete(e) {
    e.stopPropagation();
    const { api } = this.app;
    const side = this.sides?.find(({ id }) => e.target.closest(`.side.${id}`));
    const range = this.now.sides?.hull;
    if (!range || !side) return;
    const whole = { ...side.query, matchers: withService(serviceOf(side.query), []) };
    const { name } = e.detail;
    e.detail.answer = (name ? labelValues(api, name, side.query, range) : labelNames(api, whole, range)).catch(() => []);
  }

  // ---- loading -----------------------------------------------------------

  /** The address changed. @param {State} state @param {State|null} before */
  changed(state, before) {
    if (!before || ASKED.some((name) => state[name] !== before[name])) this.load();
    if (state.q && !this.app.searching) this.app.loadSearch();
  }

  async load() {
    const turn = ++this.#turn;
    const { app } = this;
    const stale = () => turn !== this.#turn || app.other !== this;
    if (!app.store.state.query && !app.store.state.leftQuery) await app.begin();
    if (stale()) return;
    const { state } = app.store;
    await app.data.loadMarkers(state);
    if (!app.data.now.catalog) await app.data.loadCatalog();
    if (stale()) return;
    const sides = resolveSides(state, app.data.now.phases, app.api.now());
    this.now = { ...this.now, sides, error: null };
    app.drawn();
    if (!sides.sides[0].query.type) return;
    try {
      const loaded = await this.fetch(sides.sides, state);
      if (stale()) return;
      this.now = { ...this.now, loaded };
    } catch (e) {
      if (e.name === "AbortError" || stale()) return;
      this.now = { ...this.now, error: e };
    }
    app.drawn();
    await this.#loadSeries(sides, stale);
  }

  async #loadSeries({ hull, sides }, stale) {
    const step = chooseStep(hull);
    const from = Math.floor(hull.from / (step * 1000)) * step * 1000;
    const points = await this.app.api.series(sides[0].query, { from, until: Math.round(hull.until) }, step).catch(() => []);
    if (stale()) return;
    this.now = { ...this.now, points, step };
    this.app.drawn();
  }

  /** How many samples each side has, or nulls where nobody counts. */
  async samples(sides) {
    const { api, data } = this.app;
    const types = data.now.catalog?.get(serviceOf(sides[0].query)) ?? [];
    const type = samplesTypeOf(sides[0].query.type, types);
    if (!type) return [null, null];
    const counted = sides.map((s) => ({ ...s, query: { ...s.query, type } }));
    try {
      return ticksOf(await api.json("samples", diffUrl(counted, 1)));
    } catch (e) {
      if (e.name === "AbortError") throw e;
      return [null, null];
    }
  }

  // ---- showing -----------------------------------------------------------

  /** @param {State} state */
  draw(state) {
    const { app } = this;
    const { sides, points, step, error } = this.now;
    if (!sides) return;
    const { phases, flags, catalog } = app.data.now;
    const [{ query }] = sides.sides;
    const type = typeInfo(query.type);
    const data = { range: sides.hull, sel: null, points, step, phases, flags, catalog };
    give(this.picker, { state, data, query, type });
    give(this.timeline, { state, data, query, type, dark: app.dark,
      ranges: sides.sides.map(({ id, name, range, words }) => ({ id, name: `${name}: ${words}`, range })) });
    sides.sides.forEach((side, i) => {
      const bar = this.sideBars[i];
      bar.words.textContent = `${side.words} · ${span(side.range.until - side.range.from)}`;
      give(bar.filter, { query: side.query, data, enabled: true });
    });
    this.root.dataset.error = error ? error.message : "";
    this.show(state, type, this.now.loaded, error);
  }

  /** Is something under the hands that drawing again would take away? */
  busy() {
    return Boolean(this.timeline.dragging);
  }
}
