/**
 * <fk-sandwich>: one function with all its callers above and all it calls
 * below, from every place where it occurs. A click makes another function
 * the middle. Where the server merged small frames, all stacks are asked for.
 */
import { give, h, Part } from "./dom.js";
import { functions } from "./flamebearer.js";
import { folded, foldsOf, sandwich } from "./fold.js";
import { share, shown, value } from "./format.js";
import { MERGED, nameOf } from "./layout.js";
import { mark } from "./mark.js";

const ASKING = "The server merged small frames; asking for all stacks…";
const WITHOUT = "All stacks could not be read, so what the server merged as “other” is missing here.";

const ROOT = { level: 0, index: 0 };

class Sandwich extends Part {
  build() {
    const own = (type, fn) => this.addEventListener(type, (e) => {
      const graph = e.target.closest("fk-flamegraph");
      if (!graph || e.detail?.profile) return;
      e.stopPropagation();
      fn(graph, e.detail);
    });
    const choose = (graph, { node }) => this.emit("fk-set", { fn: nameOf(graph.props.profile, node) });
    own("fk-zoom", choose);
    own("fk-pin", choose);
    own("fk-menu", choose);
    own("fk-hover", (graph, detail) => this.emit("fk-hover", detail && { ...detail, profile: graph.props.profile, zoom: ROOT }));
  }

  /** The two pictures exist only while they are looked at. */
  #fill() {
    if (this.middle) return;
    this.middle = h("div", { class: "middle" });
    this.callers = h("fk-flamegraph", { class: "callers" });
    this.callees = h("fk-flamegraph", { class: "callees" });
    this.append(h("h3", {}, "called by"), this.callers, this.middle, this.below = h("h3"), this.callees);
  }

  #empty() {
    this.replaceChildren();
    this.middle = null;
  }

  /** All stacks of the range, when the picture was made of fewer; a refresh keeps the last ones until the next are there. */
  async #askAll({ data, state }) {
    if (this.askedFor === data.profile) return;
    this.askedFor = data.profile;
    const isCut = data.profile.names.includes(MERGED) && !data.frozen;
    if (!isCut || this.all?.query !== state.query) this.all = null;
    this.doubt = isCut && !this.all ? ASKING : "";
    if (!isCut) return;
    try {
      const { allStacks } = await import("./stacks.js");
      const profile = await allStacks(data.shownQuery, data.shownRange);
      if (this.askedFor === data.profile) [this.all, this.doubt] = [{ profile, query: state.query }, ""];
    } catch {
      if (this.askedFor === data.profile && !this.all) this.doubt = WITHOUT;
    }
    this.invalidate();
  }

  /** What the sandwich is cut from. */
  #whole({ profile, state }) {
    if (!this.all) return profile;
    if (this.foldedOf !== this.all || this.foldedBy !== state.fold) {
      [this.foldedOf, this.foldedBy] = [this.all, state.fold];
      const folds = foldsOf(state.fold);
      folds.delete("inverted");
      this.foldedAll = folded(this.all.profile, folds);
    }
    return this.foldedAll.total ? this.foldedAll : profile;
  }

  update(view) {
    const { rows, state, look, type } = view;
    if (!view.profile) return;
    if (state.view !== "sandwich") {
      this.#empty();
      return;
    }
    this.#fill();
    this.#askAll(view);
    const profile = this.#whole(view);
    const most = () => profile.names[(profile === view.profile ? rows : functions(profile)).reduce((a, b) => (b.self > a.self ? b : a)).name];
    const name = profile.names.includes(state.fn) ? state.fn : most();
    if (this.forProfile !== profile || this.forName !== name) {
      this.sides = sandwich(profile, name);
      [this.forProfile, this.forName] = [profile, name];
    }
    const { callers, callees } = this.sides;
    const self = callees.levels[0].self[0];
    this.middle.replaceChildren(h("strong", {}, h("bdi", {}, shown(name, 120))),
      ` total ${value(callees.total, type.unit)} (${share(callees.total / profile.total)}), self ${value(self, type.unit)} (${share(self / profile.total)})`, mark("sandwich", "the sandwich"),
      this.doubt ? h("small", { role: "status" }, this.doubt) : "");
    this.below.textContent = callees.levels.length > 1 ? "calls" : "calls nothing";
    this.callees.hidden = callees.levels.length < 2;
    // The palette belongs to the names of one profile, so each has its own.
    const plain = look.mode === "self" ? { ...look, mode: "module" } : look;
    const props = { zoom: ROOT, marked: null, fn: "" };
    give(this.callers, { ...props, profile: callers, look: { ...plain }, flame: true });
    give(this.callees, { ...props, profile: callees, look: { ...plain }, flame: false });
  }
}

customElements.define("fk-sandwich", Sandwich);
