/**
 * The Tag explorer: one label's values as a stacked timeline and a table. A
 * click compares a value with all others, a Shift-click with another value.
 */
import { labelNames, labelValues, seriesBy, usualLabel } from "./ask.js";
import { give, h, s } from "./dom.js";
import { share, significant, value } from "./format.js";
import { mark } from "./mark.js";
import { filtersOf, formatQuery, parseQuery, serviceOf, withService } from "./query.js";
import { niceAxis } from "./series.js";
import { sparkline } from "./services.js";
import { typeInfo } from "./strings.js";
import { chooseStep, clock, resolveRange, ticks } from "./time.js";

const HUES = 8;
const ROWS = 200;
const [WIDTH, HEIGHT] = [1000, 150];
const ASKED = ["query", "from", "until", "groupBy"];

export class Page {
  #turn = 0;

  /** @param {HTMLElement} root @param {object} app */
  constructor(root, app) {
    this.app = app;
    this.now = { names: [], rows: null, error: null, range: null, label: "" };
    this.picker = h("fk-picker");
    this.labels = h("div", { class: "segments wrap", role: "group", "aria-label": "Label to group by" });
    this.chart = h("div", { class: "card chart" });
    this.body = h("div", { class: "card pad tags-body" });
    this.root = h("div", { class: "explore tags" }, this.picker,
      h("div", { class: "diff-tools" }, h("span", {}, "Group by"), this.labels), this.chart, this.body);
    root.replaceChildren(this.root);
    this.root.addEventListener("fk-complete", (e) => this.#complete(e));
  }

  #complete(e) {
    e.stopPropagation();
    const { query, range } = this.now;
    e.detail.answer = (e.detail.name ? labelValues(this.app.api, e.detail.name, query, range) : labelNames(this.app.api, query, range)).catch(() => []);
  }

  changed(state, before) {
    if (!before || ASKED.some((name) => state[name] !== before[name])) this.load();
  }

  async load() {
    const turn = ++this.#turn;
    const { app } = this;
    const stale = () => turn !== this.#turn || app.other !== this;
    if (!app.store.state.query) await app.begin();
    await app.data.loadMarkers(app.store.state);
    if (!app.data.now.catalog) await app.data.loadCatalog();
    if (stale() || !app.store.state.query) return;
    const { state } = app.store;
    const query = parseQuery(state.query);
    const range = resolveRange(state.from, state.until, app.api.now(), app.data.now.phases);
    try {
      const bare = { ...query, matchers: withService(serviceOf(query), []) };
      const names = await labelNames(app.api, bare, range);
      const label = usualLabel(state.groupBy, names);
      const step = chooseStep(range);
      const rows = label ? await seriesBy(app.api, query, label, range, step) : [];
      if (stale()) return;
      this.now = { names, label, query, range, step, error: null,
        rows: rows.map((r) => ({ ...r, total: r.points.reduce((sum, p) => sum + p.v, 0) })).sort((a, b) => b.total - a.total) };
    } catch (e) {
      if (e.name === "AbortError" || stale()) return;
      this.now = { ...this.now, error: e, range };
    }
    app.drawn();
  }

  draw(state) {
    const { names, label, rows, error, range, query } = this.now;
    if (!range) return;
    const type = typeInfo(query?.type ?? "");
    const data = { ...this.app.data.now, range };
    give(this.picker, { state, data, query: query ?? parseQuery(state.query), type, dark: this.app.dark });
    if (this.forNow === this.now) return;
    this.forNow = this.now;
    this.labels.replaceChildren(...names.map((name) => h("button", { type: "button", "aria-pressed": String(name === label),
      on: { click: () => this.app.store.push({ groupBy: name }) } }, name)));
    if (error || !rows?.length) {
      this.chart.hidden = true;
      this.body.replaceChildren(h("p", { class: error ? "wrong" : "" }, error?.message
        ?? (label ? `Nothing in this range carries the label ${label}.` : "No label but the service's name arrived in this range.")));
      return;
    }
    this.chart.hidden = false;
    this.#drawChart(rows, type, range, state.tz === "utc");
    this.#drawTable(rows, type, range);
  }

  #drawChart(rows, type, range, utc) {
    const { step } = this.now;
    const x = (t) => ((t - range.from) / (range.until - range.from)) * WIDTH;
    const base = new Map();
    const sums = new Map();
    for (const { points } of rows) for (const p of points) sums.set(p.t, (sums.get(p.t) ?? 0) + p.v);
    const scale = (type.instant ? 1 : step) * (type.unit === "nanoseconds" ? 1e9 : 1);
    const axis = niceAxis(Math.max(0, ...sums.values()) / scale).top;
    const y = (v) => HEIGHT * (1 - v / scale / axis);
    const areas = rows.map(({ value: name, points }, i) => {
      const d = points.map(({ t, v }) => {
        const low = base.get(t) ?? 0;
        base.set(t, low + v);
        return `M${x(t - step * 1000).toFixed(1)} ${y(low).toFixed(1)}V${y(low + v).toFixed(1)}H${x(t).toFixed(1)}V${y(low).toFixed(1)}Z`;
      }).join("");
      return s("path", { class: `hue${Math.min(i, HUES)}`, d }, s("title", {}, name || "(none)"));
    });
    const { times, step: tick } = ticks(range, 8);
    this.chart.replaceChildren(h("div", { class: "chart-top" }, type.unit === "nanoseconds" ? `${Number(axis.toPrecision(3))} ${type.axis}` : `${value(axis, type.unit)}${type.instant ? "" : " per s"}`), s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `${rows.length} values of ${this.now.label} over time, stacked` }, areas),
    h("div", { class: "chart-times" }, times.map((t) =>
      h("span", { style: { left: `${(x(t) / WIDTH) * 100}%` } }, clock(t, { utc, seconds: tick < 60e3 })))));
  }

  #drawTable(rows, type, range) {
    const sum = rows.reduce((n, r) => n + r.total, 0);
    const seconds = (range.until - range.from) / 1000;
    const few = (n) => (n > 0 && n < 0.001 ? "<0.001" : significant(n));
    const rate = (v) => (type.unit === "nanoseconds" ? few(v / 1e9 / seconds) : value(v / seconds, type.unit));
    const row = (r, i) => {
      const name = r.value || "(none)";
      return h("tr", { "data-value": r.value, "aria-selected": String(this.first === r.value) },
        h("th", { scope: "row" }, h("i", { class: `swatch hue${Math.min(i, HUES)}` }), h("button", { type: "button", class: "link", on: { click: (e) => this.#choose(r.value, e.shiftKey) } }, name)),
        h("td", { class: "number bar" }, h("i", { style: { width: `${(r.total / sum) * 100}%` } }), h("b", {}, share(r.total / sum))), h("td", { class: "number" }, value(r.total, type.unit)),
        h("td", { class: "number" }, rate(r.total)), h("td", {}, sparkline(r.points, range.from, range.until)),
        h("td", {}, h("button", { type: "button", on: { click: () => this.app.go("explore", { query: this.#with("=", r.value), live: 0 }) } }, "only this")));
    };
    this.body.replaceChildren(
      h("p", { class: "note" }, "Click a value to compare it with all others, Shift-click two to compare them."),
      h("div", { class: "scroll-x" }, h("table", { class: "tags-table" }, h("thead", {}, h("tr", {}, [this.now.label, "Share", type.of, type.axis, "Over time", "Filter"].map((t, i) => h("th", { scope: "col", class: i > 0 && i < 4 ? "number" : "" }, t, i === 1 ? mark("share", "a share") : null)))),
        h("tbody", {}, rows.slice(0, ROWS).map(row)))),
      rows.length > ROWS ? h("p", { class: "note" }, `${rows.length - ROWS} smaller values are not shown.`) : "");
  }

  #with(op, v) {
    const { query, label } = this.now;
    const others = filtersOf(query).filter((m) => m.name !== label);
    return formatQuery({ ...query, matchers: withService(serviceOf(query), [...others, { name: label, op, value: v }]) });
  }

  #choose(v, second) {
    if (second && this.first === undefined) {
      this.first = v;
      this.forNow = null;
      this.app.drawn();
      return;
    }
    const left = second ? this.#with("=", this.first) : this.#with("!=", v);
    const { range } = this.now;
    const times = (id) => ({ [`${id}From`]: String(Math.round(range.from)), [`${id}Until`]: String(Math.round(range.until)) });
    this.app.go("diff", { leftQuery: left, rightQuery: this.#with("=", v), ...times("left"), ...times("right"), dm: second ? "absolute" : "share" });
  }
}
