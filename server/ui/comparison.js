/**
 * The Comparison page: two flame graphs side by side in the same colours,
 * with linked hover and zoom.
 */
import { Compare } from "./compare.js";
import { byWeight, decode } from "./flamebearer.js";
import { give, h } from "./dom.js";
import { plural, value } from "./format.js";
import { findPath, pathText } from "./layout.js";
import { requestsIn } from "./diff.js";

/** @typedef {import("./url.js").State} State */

export class Page extends Compare {
  constructor(root, app) {
    super(root, app);
    this.common = h("input", { type: "checkbox", on: { change: () => app.store.push({ scale: this.common.checked ? "common" : "own" }) } });
    this.problem = h("p", { class: "card pad wrong", hidden: true, role: "alert" });
    this.halves = ["A", "B"].map((name, i) => this.#half(name, i));
    this.body.append(this.problem, h("div", { class: "panel" },
      h("div", { class: "diff-tools" }, h("label", {}, this.common, "draw both to one scale"), h("span", { class: "spring" }),
        h("button", { type: "button", on: { click: () => app.go("diff") } }, "What changed? Diff")),
      this.crumbs = h("fk-crumbs"), h("div", { class: "pair" }, this.halves.map((half) => half.root))));
    this.body.addEventListener("fk-zoom", (e) => this.#zoom(e));
    this.body.addEventListener("fk-hover", (e) => this.#hover(e));
    this.body.addEventListener("fk-pin", (e) => this.#pin(e));
  }

  #half(name, i) {
    const [facts, graph, stretch] = [h("p", { class: "half-facts" }), h("fk-flamegraph"), h("div", { class: "stretch" })];
    stretch.append(graph);
    return { facts, graph, stretch, root: h("section", { class: `card graph-card half ${i ? "right" : "left"}`, "aria-label": `Flame graph ${name}` }, facts, stretch) };
  }

  /** @param {import("./sides.js").Side[]} sides @param {State} state */
  async fetch(sides, state) {
    const { api, data } = this.app;
    const docs = await Promise.all(sides.map((s) => api.render(s.query, s.range, state.maxNodes, s.id)));
    const samples = await this.samples(sides);
    return docs.map((doc, i) => {
      const profile = decode(doc.flamebearer);
      return { plain: profile, heavy: byWeight(profile), samples: samples[i], requests: requestsIn(sides[i].range, data.now.phases) };
    });
  }

  show(state, type, loaded, error) {
    this.problem.hidden = !error;
    this.problem.textContent = error?.message ?? "";
    this.common.checked = state.scale === "common";
    if (!loaded) return;
    const most = Math.max(...loaded.map((l) => l.plain.total));
    const { dark, big } = this.app;
    const mode = state.color === "self" ? "module" : state.color;
    if (this.look?.mode !== mode || this.look.dark !== dark || this.look.big !== big) this.look = { mode, dark, big };
    loaded.forEach((side, i) => {
      const half = this.halves[i];
      const profile = state.sort === "name" ? side.plain : side.heavy;
      half.profile = profile;
      const { node } = findPath(profile, state.zoom);
      const counted = side.samples === null ? "" : ` from ${plural(side.samples, "sample")}`;
      const each = side.requests > 0 ? ` · ${value(profile.total / side.requests, type.unit)} per request` : "";
      half.facts.textContent = profile.total ? `${"AB"[i]}: ${value(profile.total, type.unit)} ${type.of}${counted}${each}` : `${"AB"[i]}: no profile in this range`;
      half.stretch.style.width = state.scale === "common" && most ? `${Math.max(2, (profile.total / most) * 100)}%` : "100%";
      half.graph.hidden = !profile.total;
      if (!profile.total) return;
      give(half.graph, { profile, zoom: node, marked: null, fn: state.fn, look: this.look, flame: state.o === "flame", hatch: side.samples !== null && side.samples < 30 });
    });
    const lead = this.halves.find((half) => half.profile.total);
    if (lead) give(this.crumbs, { profile: lead.profile, zoom: findPath(lead.profile, state.zoom).node });
    this.shownType = type;
  }

  #halfOf(e) {
    return this.halves.find((half) => half.root.contains(e.target)) ?? this.halves.find((half) => half.profile?.total);
  }

  #zoom(e) {
    this.app.store.push({ zoom: pathText(this.#halfOf(e).profile, e.detail.node) });
  }

  #pin(e) {
    const { profile } = this.#halfOf(e);
    const name = profile.names[profile.levels[e.detail.node.level].name[e.detail.node.index]];
    this.app.store.push({ fn: this.app.store.state.fn === name ? "" : name });
  }

  /** The same path on the other side is outlined. */
  #hover(e) {
    const half = this.#halfOf(e);
    const twin = this.halves.find((other) => other !== half);
    const path = e.detail ? pathText(half.profile, e.detail.node) : "";
    const found = e.detail && twin.profile?.total ? findPath(twin.profile, path) : null;
    if (twin.profile?.total) twin.graph.highlight(found?.complete ? found.node : null);
    const { loaded } = this.now;
    const i = this.halves.indexOf(half);
    give(this.tip, { hover: e.detail, profile: half.profile, type: this.shownType, samples: loaded?.[i].samples ?? null,
      zoom: half.graph.props.zoom });
  }
}
