/**
 * <fk-details>: one function: how much, how sure, who calls it and what it
 * calls, wherever it occurs, when, and under which labels.
 */
import { copy } from "./clip.js";
import { h, icon, keepFocus, Part } from "./dom.js";
import { plural, share, shown, value } from "./format.js";
import { childrenOf, nameOf, parentOf, pathOf, placesOf } from "./layout.js";
import { kindOf, moduleOf } from "./kinds.js";
import { mark } from "./mark.js";
import { pointsOff } from "./stats.js";

const NEIGHBOURS = 3;
/** Live refresh does not ask for the columns of the server more often. */
const ASK_AGAIN_MS = 30e3;
const KIND_WORDS = { app: "", lib: "library code", kernel: "inside the kernel", wait: "waits rather than works", unknown: "no symbol was found for this address" };

/** Names and weights of the frames next to a function's places, heaviest first. */
function around(profile, places, next) {
  const sums = new Map();
  for (const place of places) {
    for (const { node, weight } of next(place)) {
      const name = nameOf(profile, node);
      sums.set(name, (sums.get(name) ?? 0) + weight);
    }
  }
  return [...sums].sort((a, b) => b[1] - a[1]);
}

const totalOf = (profile, n) => profile.levels[n.level].total[n.index];

class Details extends Part {
  build() {
    const column = (name, title) => ({ title, root: h("div", { class: `neighbours ${name}-place` }), of: null, key: "", at: 0 });
    this.trend = column("trend", "Share over time");
    this.labels = column("labels", "By label");
  }

  update(view) {
    const { profile, rows, state } = view;
    const id = profile && state.fn ? profile.names.indexOf(state.fn) : -1;
    const row = id < 0 ? null : rows.find((r) => r.name === id);
    this.hidden = !state.fn;
    if (!state.fn) return;
    if (!row) {
      this.replaceChildren(this.#head(state.fn, h("span", {}, "does not occur in this range")));
      return;
    }
    const key = [profile, view.samples, state.groupBy];
    if (this.forName === state.fn && this.key?.every((k, i) => k === key[i])) return;
    this.forName = state.fn;
    this.key = key;
    this.#show(view, row, placesOf(profile, state.fn));
  }

  #head(name, ...facts) {
    return h("div", { class: "details-head" }, h("strong", {}, h("bdi", {}, shown(name, 200))), facts,
      h("span", { class: "spring" }),
      h("button", { type: "button", class: "quiet", "aria-label": "Close details", on: { click: () => this.emit("fk-set", { fn: "" }) } }, icon("close")));
  }

  #show(view, row, places) {
    const { profile, type, samples, state } = view;
    const part = (v) => `${value(v, type.unit)} (${share(v / profile.total)}${samples > 0 ? ` ${pointsOff(v / profile.total, samples)}` : ""})`;
    const callers = around(profile, places, (n) => {
      const p = parentOf(profile, n);
      return p ? [{ node: p, weight: totalOf(profile, n) }] : [];
    });
    const callees = around(profile, places, (n) =>
      childrenOf(profile, n).map((c) => ({ node: c, weight: totalOf(profile, c) })));
    const about = [moduleOf(state.fn), KIND_WORDS[kindOf(state.fn)]].filter(Boolean).join(" · ");
    const largest = places.reduce((a, b) => (totalOf(profile, b) > totalOf(profile, a) ? b : a));
    this.replaceChildren(
      this.#head(state.fn, h("span", {}, `self ${part(row.self)}`), h("span", {}, `total ${part(row.total)}`),
        mark("total", "self and total"), h("span", {}, plural(places.length, "place")), about ? h("span", { class: "about" }, about) : null),
      this.explain = h("div", { class: "explain-place" }),
      h("div", { class: "details-body" },
        this.#neighbours("Called by", view.inverted ? callees : callers, profile, type), this.#neighbours("Calls", view.inverted ? callers : callees, profile, type), this.trend.root, this.labels.root,
        h("div", { class: "actions" },
          h("button", { type: "button", on: { click: () => this.emit("fk-zoom", { node: largest }) } }, "Zoom to largest place"),
          h("button", { type: "button", on: { click: () => this.emit("fk-set", { q: state.fn }) } }, "Search it"),
          h("button", { type: "button", on: { click: () => this.#before(view) } }, "Diff with the window before"),
          h("button", { type: "button", "aria-haspopup": "dialog", on: { click: async (e) => (await import("./sources.js")).openSources(e.target, view, state.fn) } }, "Source lines"),
          h("button", { type: "button", on: { click: () => copy(pathOf(profile, largest).map((n) => nameOf(profile, n)).join("\n"), "the stack") } }, "Copy stack"),
          h("button", { type: "button", on: { click: () => copy(state.fn, "the name") } }, "Copy name"))));
    this.#explain(state.fn);
    this.#showColumns(view);
  }

  /** The same range again, moved back by its length. */
  #before({ data: { shownRange: { from, until } } }) {
    const [left, right] = [[2 * from - until, from], [from, until]].map((r) => r.map((t) => String(Math.round(t))));
    this.emit("fk-set", { page: "diff", shot: "", zoom: "", leftQuery: "", rightQuery: "",
      leftFrom: left[0], leftUntil: left[1], rightFrom: right[0], rightUntil: right[1] });
  }

  /** What only the server knows; a page that was saved has none. */
  #showColumns(view) {
    const { data, state } = view;
    const key = [state.fn, state.query, state.sel, state.from, state.until].join("\n");
    const asked = {};
    if (!data.frozen) this.emit("fk-app", asked);
    this.#fill(this.trend, key, asked.app, async (stale) => (await import("./trend.js")).trendColumn(asked.app.api, view, stale));
    this.#fill(this.labels, `${key}\n${state.groupBy}`, asked.app, async (stale) =>
      (await import("./breakdown.js")).breakdown(asked.app, view, (patch) => this.emit("fk-set", patch), stale));
  }

  /** Of the same function the last answer stays until the next one is there. @param {{title: string, root: HTMLElement, of: string|null, key: string, at: number}} column @param {string} key @param {object|undefined} app @param {(stale: () => boolean) => Promise<Node[]|null>} make */
  async #fill(column, key, app, make) {
    const { root, title } = column;
    root.hidden = !app;
    if (!app || (column.key === key && Date.now() - column.at < ASK_AGAIN_MS)) return;
    const note = (words) => root.replaceChildren(h("h3", {}, title), h("small", {}, words));
    if (column.of !== this.forName) note("Asking the server…");
    root.setAttribute("aria-busy", "true");
    [column.of, column.key, column.at] = [this.forName, key, Date.now()];
    const stale = () => column.key !== key;
    try {
      const made = await make(stale);
      if (made && !stale()) keepFocus(root, () => root.replaceChildren(...made.filter(Boolean)));
    } catch (e) {
      if (e.name !== "AbortError" && !stale()) note("The server does not tell.");
    }
    if (!stale()) root.removeAttribute("aria-busy");
  }

  /** The card comes when it is wanted first. */
  async #explain(name) {
    const place = this.explain;
    const { explainCard } = await import("./explain.js");
    place.replaceChildren(explainCard(name));
  }

  #neighbours(title, list, profile, type) {
    const more = list.length - NEIGHBOURS;
    return h("div", { class: "neighbours" }, h("h3", {}, title),
      list.length ? list.slice(0, NEIGHBOURS).map(([name, v]) => h("button", { type: "button", class: "link",
        on: { click: () => this.emit("fk-set", { fn: name }) } },
      h("bdi", {}, shown(name, 60)), h("small", {}, ` ${value(v, type.unit)} · ${share(v / profile.total)}`)))
        : h("p", {}, title === "Calls" ? "nothing: all its time is its own" : "nothing: it is the root"),
      more > 0 ? h("small", {}, `and ${plural(more, "other")}`) : null);
  }
}

customElements.define("fk-details", Details);
