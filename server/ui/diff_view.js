/**
 * A diff on the page, wherever its two sides come from: the server, or two
 * files.
 */
import { changeOf, diffRows, foldSides, layDiff, usualMode } from "./diff.js";
import { cssTone, diffCells } from "./diff_colors.js";
import { amount, doubt, howMuch, MODES, signed, spoken, sureWords } from "./diff_words.js";
import { give, h, icon } from "./dom.js";
import { foldsOf, foldWords } from "./fold.js";
import { openFoldMenu } from "./fold_menu.js";
import { count, shown } from "./format.js";
import { findPath, nameOf, pathText } from "./layout.js";
import "./difftable.js";
import { mark } from "./mark.js";

const WIDTHS = { larger: "the larger", a: "A", b: "B" };

/** Remembers the last result while its key stays the same. */
function kept() {
  let [key, result] = [[], null];
  return (next, make) => {
    if (next.length !== key.length || next.some((v, i) => v !== key[i])) [key, result] = [next, make()];
    return result;
  };
}

export class DiffView {
  /** @param {HTMLElement} root @param {HTMLElement} tip @param {(patch: object) => void} set */
  constructor(root, tip, set) {
    this.tip = tip;
    this.set = set;
    this.folded = kept();
    this.laid = kept();
    this.rows = kept();
    this.look = kept();
    this.marked = kept();
    this.#make(root);
  }

  #make(root) {
    const { set } = this;
    const segments = (label, words, name) => {
      const group = h("div", { class: "segments", role: "group", "aria-label": label },
        Object.entries(words).map(([key, text]) => h("button", { type: "button", "data-key": key,
          on: { click: () => set({ [name]: key }) } }, Array.isArray(text) ? text[0] : text)));
      return group;
    };
    this.sentence = h("p", { class: "spoken", "aria-live": "polite" });
    this.modes = segments("Compare", MODES, "dm");
    this.widths = segments("Width of a frame", WIDTHS, "dw");
    this.grey = h("input", { type: "checkbox", on: { change: () => set({ sure: this.grey.checked ? "grey" : "all" }) } });
    this.classic = h("input", { type: "checkbox", on: { change: () => set({ dc: this.classic.checked ? "classic" : "blue" }) } });
    this.search = h("input", { type: "search", class: "search", placeholder: "Search functions  ( / )", "aria-label": "Search functions", spellcheck: "false",
      on: { input: () => root.dispatchEvent(new CustomEvent("fk-type", { bubbles: true, detail: { field: "q", patch: { q: this.search.value } } })) } });
    this.fold = h("button", { type: "button", class: "quiet", title: "Fold recursion, libraries, the kernel, idle threads", "aria-haspopup": "dialog",
      on: { click: () => openFoldMenu(this.fold, () => this.shown.state.fold, (fold) => set({ fold }), "inverted") } }, "Fold", icon("down"));
    this.out = h("button", { type: "button", class: "quiet", title: "Link, curl, files", "aria-haspopup": "dialog", on: { click: () => this.#export() } }, icon("save"), "Export");
    this.graph = h("fk-flamegraph");
    this.crumbs = h("fk-crumbs");
    this.table = h("fk-difftable");
    this.legend = h("div", { class: "diff-legend" });
    this.problem = h("p", { class: "card pad wrong", hidden: true, role: "alert" });
    this.panel = h("div", { class: "panel" }, h("div", { class: "spoken-line" }, this.sentence, mark("modes", "absolute, share, per request")),
      h("div", { class: "diff-tools" }, h("span", {}, "Compare"), this.modes, h("span", {}, "width by"), this.widths,
        h("label", {}, this.grey, "unsure in grey"), h("label", {}, this.classic, "red and green"),
        h("span", { class: "search-box" }, icon("search"), this.search), h("span", { class: "tail" }, this.fold, this.out)),
      h("div", { class: "stage diff-stage", "data-view": "both" },
        h("section", { class: "card graph-card", "aria-label": "Diff flame graph" }, this.crumbs, this.graph, this.legend),
        h("section", { class: "card table-card", id: "functions", "aria-label": "Differences by function" }, this.table)));
    root.replaceChildren(this.problem, this.panel);
    root.addEventListener("fk-zoom", (e) => set({ zoom: pathText(this.profile, e.detail.node) }));
    root.addEventListener("fk-hover", (e) => this.#hover(e.detail));
    root.addEventListener("fk-pin", (e) => {
      const name = nameOf(this.profile, e.detail.node);
      set({ fn: this.fn === name ? "" : name });
    });
    root.addEventListener("fk-row", (e) => give(this.graph, { fn: e.detail || this.fn }));
    root.addEventListener("fk-choose", (e) => set({ fn: this.fn === e.detail ? "" : e.detail }));
  }

  #hover(hover) {
    give(this.tip, { hover, profile: this.profile, lines: (props) => this.#lines(props.hover) });
    give(this.table, { hover: hover ? nameOf(this.profile, hover.node) : null });
  }

  async #export() {
    const { diffEntries, openExport } = await import("./export.js");
    openExport(this.out, diffEntries(this.shown));
  }

  /** @param {{state: object, type: object, loaded: object|null, error: Error|null, app: object, equallyLong: boolean, url?: string}} view */
  show(view) {
    const { state, type, loaded, error, app } = view;
    const nothing = loaded && !loaded.sides.ticks[0] && !loaded.sides.ticks[1];
    this.problem.hidden = !error && !nothing;
    this.problem.textContent = error ? error.message : "Neither side has a profile in its range: choose other ranges on the timeline, or look at Status.";
    this.panel.hidden = !loaded || nothing;
    if (this.panel.hidden) return;
    const { tree, sides } = this.folded([loaded, state.fold], () => foldSides(loaded, foldsOf(state.fold)));
    const canRequest = sides.requests[0] > 0 && sides.requests[1] > 0;
    const mode = state.dm && (state.dm !== "request" || canRequest) ? state.dm : usualMode(sides, view.equallyLong);
    const base = state.dw;
    const profile = this.laid([tree, mode, base, state.sort], () => layDiff(tree, sides, { mode, base, order: state.sort }));
    this.profile = profile;
    this.fn = state.fn;
    const rows = this.rows([profile, mode], () => diffRows(profile, sides, mode));
    const tones = { palette: state.dc, greyUnsure: state.sure === "grey", dark: app.dark };
    const { big } = app;
    const look = this.look([profile, mode, ...Object.values(tones), big], () =>
      ({ mode: "module", dark: app.dark, big, cells: diffCells(profile, sides, mode, tones) }));
    const needle = app.searching?.compile(state.q) ?? null;
    const marked = this.marked([profile, state.q, app.searching], () => (needle ? app.searching.mark(profile.names, needle.test) : null));
    const { node: zoom } = findPath(profile, state.zoom);
    const whole = changeOf(sides.ticks[0], sides.ticks[1], sides, mode);
    this.shown = { ...view, profile, rows, mode, sides, whole, tones, pair: view.sides };
    this.sentence.textContent = spoken(whole, rows, profile.names, mode, type) + doubt(sides.samples);
    this.#controls(state, mode, canRequest, sides);
    give(this.graph, { profile, zoom, marked, fn: state.fn, look, flame: state.o === "flame" });
    give(this.crumbs, { profile, zoom });
    give(this.table, { profile, rows, mode, type, state, marked, tones });
    give(this.tip, { profile });
  }

  #controls(state, mode, canRequest, sides) {
    const press = (group, key) => {
      for (const b of group.children) b.setAttribute("aria-pressed", String(b.dataset.key === key));
    };
    press(this.modes, mode);
    press(this.widths, state.dw);
    for (const b of this.modes.children) b.title = MODES[b.dataset.key][1];
    const [perRequest] = this.modes.children;
    perRequest.disabled = !canRequest;
    perRequest.title = canRequest ? `A: ${count(sides.requests[0])} requests, B: ${count(sides.requests[1])}. ${MODES.request[1]}`
      : "No phase of a load plan covers both sides, so nobody counted the requests.";
    this.fold.firstChild.textContent = foldWords(state.fold, "inverted");
    this.grey.checked = state.sure === "grey";
    this.classic.checked = state.dc === "classic";
    if (document.activeElement !== this.search) this.search.value = state.q;
    const key = `${state.dc} ${state.sure} ${this.shown.tones.dark}`;
    if (this.legendFor === key) return;
    this.legendFor = key;
    const tone = (part) => ({ a: 1, b: 1, part, sure: true });
    this.legend.replaceChildren("− less", h("span", { class: "ramp" }, [-1, -0.6, -0.2, 0, 0.2, 0.6, 1].map((p) =>
      h("i", { style: { background: cssTone(tone(p), this.shown.tones) } }))), "more +", h("span", { class: "note" }, `◇ new  ◆ gone${state.sure === "grey" ? "  ▨ may be chance" : ""}`));
  }

  #lines(hover) {
    const { mode, sides, type } = this.shown;
    const level = this.profile.levels[hover.node.level];
    const i = hover.node.index;
    const unit = type.unit;
    const line = (title, c) => [h("b", {}, title), h("span", {}, amount(c.a, mode, unit)), h("span", {}, amount(c.b, mode, unit)), h("span", { class: "big" }, signed(c.delta, mode, unit))];
    const total = changeOf(level.totalA[i], level.totalB[i], sides, mode);
    const self = changeOf(level.selfA[i], level.selfB[i], sides, mode);
    return [
      h("strong", {}, h("bdi", {}, shown(nameOf(this.profile, hover.node), 220))),
      h("div", { class: "numbers four" }, h("b", {}, MODES[mode][0]), h("b", {}, "A"), h("b", {}, "B"), h("b", {}, "B − A"), line("total", total), line("self", self)),
      h("span", { class: "about" }, howMuch(total)),
      h("span", { class: "about" }, sureWords(total, sides.samples[0] !== null)),
    ];
  }
}
