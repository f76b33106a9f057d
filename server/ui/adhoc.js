/**
 * The Ad hoc page: a profile from a file, or the difference of two. The files
 * stay in the browser.
 */
import { DiffView } from "./diff_view.js";
import { mergeProfiles } from "./diff.js";
import { h } from "./dom.js";
import { Explore } from "./explore.js";
import { readFile } from "./files.js";
import { shown } from "./format.js";
import { typeInfo } from "./strings.js";

/** How such files are made. */
const MADE = [["Any program", "flamekit record -o cpu.pb.gz -- ./program"], ["What is stored", "flamekit export -o cpu.pb.gz"],
  ["perf", "perf record -g ./program && perf script > stacks.txt"]];

const KINDS = "pprof, folded stacks, perf script, speedscope or flamebearer JSON";

export class Page {
  /** @param {HTMLElement} root @param {object} app */
  constructor(root, app) {
    this.app = app;
    this.slots = ["A", "B"].map((name, i) => this.#slot(name, i));
    this.problem = h("p", { class: "card pad wrong", hidden: true, role: "alert" });
    this.view = h("div");
    this.root = h("div", { class: "explore files" }, h("div", { class: "slots" }, this.slots.map((s) => s.root)), this.problem, this.view);
    root.replaceChildren(this.root, this.tip = h("fk-tip"));
    for (const file of app.dropped?.splice(0) ?? []) this.take(file);
  }

  #slot(name, i) {
    const input = h("input", { type: "file", "aria-label": `File ${name}`, on: { change: () => input.files[0] && this.take(input.files[0], i) } });
    const words = h("span", { class: "side-words" }, i ? "a second file: the difference" : "drop a file here");
    const views = h("select", { "aria-label": `What of file ${name}`, hidden: true, on: { change: () => this.#made() } });
    const clear = h("button", { type: "button", class: "quiet", hidden: true, on: { click: () => this.#clear(i) } }, "remove");
    const root = h("section", { class: `card slot side ${i ? "right" : "left"}`, "aria-label": `File ${name}`, on: {
      dragover: (e) => e.preventDefault(),
      drop: (e) => {
        e.preventDefault();
        e.stopPropagation();
        [...e.dataTransfer.files].slice(0, 2 - i).forEach((file, k) => this.take(file, i + k));
      } } }, h("strong", { class: "side-name" }, name), words, views, input, clear);
    return { root, words, views, input, clear, content: null };
  }

  /** Reads a file into a side: the first free one unless told. @param {File} file @param {number} [at] */
  async take(file, at = this.slots[0].content || this.slots[0].busy ? 1 : 0) {
    const slot = this.slots[at];
    slot.busy = true;
    this.problem.hidden = true;
    try {
      const content = await readFile(file);
      content.views[0].profile();
      slot.content = content;
      slot.words.textContent = `${shown(file.name, 60)} · ${content.format}`;
      slot.views.replaceChildren(...content.views.map((v, i) => h("option", { value: String(i) }, v.label)));
      slot.views.hidden = content.views.length < 2;
      slot.clear.hidden = false;
    } catch (e) {
      this.problem.hidden = false;
      this.problem.textContent = `${shown(file.name, 60)}: ${e instanceof RangeError || e instanceof TypeError ? `this is none of ${KINDS}` : e.message}`;
    }
    slot.busy = false;
    this.#made();
  }

  #clear(i) {
    const slot = this.slots[i];
    slot.content = null;
    slot.input.value = "";
    slot.words.textContent = i ? "a second file: the difference" : "drop a file here";
    slot.views.hidden = true;
    slot.clear.hidden = true;
    this.#made();
  }

  #chosen(slot) {
    return slot.content?.views[Number(slot.views.value) || 0] ?? null;
  }

  /** The files changed: one is explored, two are compared. */
  #made() {
    const [a, b] = this.slots.map((slot) => this.#chosen(slot));
    this.explored = null;
    this.compared = null;
    try {
      if (a && b) this.#compare(a, b);
      else if (a ?? b) this.#explore(a ?? b);
      else this.view.replaceChildren(h("div", { class: "empty" }, h("h2", {}, "Look at a profile from a file"),
        h("p", {}, `Drop ${KINDS} anywhere on this page. Two files give their difference. Nothing leaves this browser.`),
        h("dl", { class: "glossary" }, MADE.flatMap(([what, how]) => [h("dt", {}, what), h("dd", {}, h("code", {}, how))]))));
    } catch (e) {
      this.problem.hidden = false;
      this.problem.textContent = e.message;
    }
    this.app.drawn();
  }

  #explore(view) {
    const profile = view.profile();
    const box = h("div");
    this.view.replaceChildren(box);
    const explore = new Explore(box, { set: (patch) => this.app.store.push(patch) });
    explore.picker.hidden = true;
    const now = { ...this.app.data.now, profile, doc: null, range: null, sel: null, shownRange: null, shownQuery: { type: view.type, matchers: [] },
      samples: view.counted ? profile.total : null, points: [], phases: [], flags: [], lost: null, error: null };
    this.explored = { explore, now };
  }

  #compare(a, b) {
    const [x, y] = [a.profile(), b.profile()];
    const box = h("div");
    this.view.replaceChildren(box);
    const counted = a.counted && b.counted;
    this.compared = { view: new DiffView(box, this.tip, (patch) => this.app.store.push(patch)), type: typeInfo(a.type),
      loaded: { tree: mergeProfiles(x, y), sides: { ticks: [x.total, y.total], samples: counted ? [x.total, y.total] : [null, null], requests: [null, null] } } };
  }

  changed(state) {
    if (state.q && !this.app.searching) this.app.loadSearch();
    if (!this.begun) this.#made();
    this.begun = true;
  }

  draw(state) {
    const { app } = this;
    if (this.explored) {
      const { explore, now } = this.explored;
      explore.update({ ...state, query: "", view: state.view }, now, { dark: app.dark, big: app.big, searching: app.searching, rest: app.rest, away: null });
      explore.timeline.hidden = true;
    }
    if (this.compared) this.compared.view.show({ state, ...this.compared, error: null, app, equallyLong: false });
  }
}
