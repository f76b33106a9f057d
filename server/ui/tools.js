/**
 * <fk-tools>: which views are open, the search and its answer in numbers, how
 * the graph is coloured, and ways out.
 */
import { h, icon, Part } from "./dom.js";
import { share, plural } from "./format.js";
import { coverage } from "./coverage.js";
import { foldsOf, foldToggled, foldWords } from "./fold.js";
import { mark } from "./mark.js";
import { formatQuery } from "./query.js";

const VIEWS = [["graph", "Graph"], ["both", "Both"], ["table", "Table"], ["tree", "Tree"], ["sandwich", "Sandwich"]];
const COLORS = [["module", "colour by module"], ["kind", "colour by kind"], ["self", "colour by self time"]];
/** What ran for a request carries its endpoint. */
const SERVED = { name: "endpoint", op: "!=", value: "" };
const SORTS = [["weight", "heaviest first"], ["name", "A to Z"]];

function choose(label, options, set) {
  return h("select", { "aria-label": label, title: label, on: { change: (e) => set(e.target.value) } },
    options.map(([value, text]) => h("option", { value }, text)));
}

class Tools extends Part {
  build() {
    const set = (patch) => this.emit("fk-set", patch);
    this.views = h("div", { class: "segments", role: "group", "aria-label": "View" },
      VIEWS.map(([view, text], i) => h("button", { type: "button", title: `${text} (${i + 1})`, "data-view": view,
        on: { click: () => set({ view }) } }, text)));
    this.input = h("input", { type: "search", class: "search", placeholder: "Search functions  ( / )", "aria-label": "Search functions",
      spellcheck: "false", autocomplete: "off", "aria-describedby": "search-answer",
      on: { input: () => this.emit("fk-type", { field: "q", patch: { q: this.input.value } }),
        keydown: (e) => this.#key(e) } });
    this.answer = h("output", { class: "answer", id: "search-answer", "aria-live": "polite", hidden: true });
    this.steps = h("span", { class: "steps", hidden: true }, mark("matched", "matched"),
      h("button", { type: "button", class: "quiet", title: "Previous match (N)", "aria-label": "Previous match", on: { click: () => this.emit("fk-step", -1) } }, icon("previous")),
      h("button", { type: "button", class: "quiet", title: "Next match (n)", "aria-label": "Next match", on: { click: () => this.emit("fk-step", 1) } }, icon("next")),
      this.only = h("button", { type: "button", class: "quiet only", title: "Show only matches in the table",
        on: { click: () => set({ qm: this.props.state.qm === "filter" ? "mark" : "filter" }) } }, "filter table"));
    this.requests = h("button", { type: "button", class: "quiet", title: "Leave out threads that wait for work, and for Wall whatever belongs to no request",
      on: { click: () => this.#onlyRequests() } }, "requests only");
    this.fold = h("button", { type: "button", class: "quiet", title: "Fold recursion, libraries, the kernel", "aria-haspopup": "dialog", on: { click: async () => (await import("./fold_menu.js")).openFoldMenu(this.fold, () => this.props.state.fold, (fold) => set({ fold })) } }, "Fold", icon("down"));
    this.color = choose("Colours of frames", COLORS, (color) => set({ color }));
    this.sort = choose("Order of frames", SORTS, (sort) => set({ sort }));
    this.flip = h("button", { type: "button", class: "quiet", title: "Roots on top or at the bottom (i)", "aria-label": "Turn the graph over",
      on: { click: () => set({ o: this.props.state.o === "flame" ? "icicle" : "flame" }) } }, icon("flip"));
    this.learn = h("button", { type: "button", class: "quiet", title: "Labels, ruler, predict first", "aria-haspopup": "dialog",
      on: { click: async () => (await import("./learn.js")).openLearn(this.learn, this.props) } }, "Learn");
    this.out = h("button", { type: "button", class: "quiet", title: "Link, curl, files", "aria-haspopup": "dialog",
      on: { click: () => this.#export() } }, icon("save"), "Export");
    this.append(this.views, h("span", { class: "search-box" }, icon("search"), this.input), this.answer, this.steps,
      h("span", { class: "tail" }, this.requests, this.fold, this.color, this.sort, this.flip, this.learn, this.out));
  }

  update({ state, profile, rows, marked, needle, zoom }) {
    for (const b of this.views.children) b.setAttribute("aria-pressed", String(b.dataset.view === state.view));
    if (this.input.value !== state.q && document.activeElement !== this.input) this.input.value = state.q;
    if (state.q === "" && this.input.value.trim() === "") this.input.value = "";
    this.color.value = state.color;
    this.sort.value = state.sort;
    this.only.setAttribute("aria-pressed", String(state.qm === "filter"));
    this.requests.setAttribute("aria-pressed", String(foldsOf(state.fold).has("idle")));
    this.fold.firstChild.textContent = foldWords(state.fold, "idle");
    // With the search, not with its answer: what is below must not move twice.
    this.steps.hidden = this.answer.hidden = state.q === "";
    this.#answer(profile, rows, marked, needle, zoom);
  }

  #answer(profile, rows, marked, needle, zoom) {
    this.answer.classList.toggle("wrong", Boolean(needle?.error));
    if (!marked) {
      this.answer.textContent = "";
      return;
    }
    if (needle.error) {
      this.answer.textContent = `This expression cannot be read: ${needle.error}`;
      return;
    }
    const all = coverage(profile, marked);
    const self = rows.reduce((sum, r) => sum + (marked[r.name] ? r.self : 0), 0);
    const parts = [`matched ${share(all.total / profile.total)} total, ${share(self / profile.total)} self`];
    if (zoom.level > 0) {
      const here = coverage(profile, marked, zoom);
      parts.push(`${share(here.total / here.of)} of zoom`);
    }
    parts.push(`in ${plural(all.frames, "frame")}`);
    this.answer.textContent = all.frames ? parts.join(" · ") : "no function matches";
  }

  /** Idle threads are folded away; Wall also keeps only what ran for an endpoint. */
  #onlyRequests() {
    const { state, query, type } = this.props;
    const on = !foldsOf(state.fold).has("idle");
    const others = query.matchers.filter((m) => !(m.name === SERVED.name && m.op === SERVED.op && m.value === ""));
    const matchers = on && /^(?:wall|offcpu):/.test(type.id) ? [...others, SERVED] : others;
    this.emit("fk-set", { fold: foldToggled(state.fold, "idle"), query: formatQuery({ ...query, matchers }) });
  }

  async #export() {
    const { exploreEntries, openExport } = await import("./export.js");
    openExport(this.out, exploreEntries(this.props));
  }

  #key(e) {
    if (e.key === "Enter") {
      e.preventDefault();
      this.emit("fk-step", e.shiftKey ? -1 : 1);
    } else if (e.key === "Escape") {
      e.preventDefault();
      e.stopPropagation();
      this.input.value = "";
      this.input.blur();
      this.emit("fk-set", { q: "" });
    }
  }
}

customElements.define("fk-tools", Tools);
