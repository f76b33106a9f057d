/**
 * <fk-difftable>: each function on both sides, the difference and whether it
 * is more than chance. Largest change first. Only visible rows exist.
 */
import { cssTone } from "./diff_colors.js";
import { amount, howMuch, plusMinus, signed, sureWords } from "./diff_words.js";
import { h, Part } from "./dom.js";
import { plural, shown } from "./format.js";
import { RowList } from "./list.js";
import { mark } from "./mark.js";

const ROW_PX = 30;
const COLUMNS = [["name", "Function"], ["a", "A"], ["b", "B"], ["delta", "B − A"], ["off", "±"]];
const TITLES = { delta: "Largest change first; again: by sign", off: "How far the difference may be off: with 95 of 100 such profiles the truth lies inside" };

class DiffTable extends Part {
  #rows = [];
  #by = "-size";

  build() {
    this.setAttribute("role", "table");
    this.setAttribute("aria-label", "Own time of each function on both sides");
    this.heads = COLUMNS.map(([key, text]) => h("div", { role: "columnheader", class: key === "name" ? "name" : "self" },
      h("button", { type: "button", "data-by": key, title: TITLES[key] ?? "Sort", on: { click: () => this.#sortBy(key) } }, text)));
    this.heads[0].append(mark("significant", "a change beyond chance"));
    this.scroller = h("div", { class: "table-scroll" });
    this.count = h("div", { class: "table-count" });
    this.append(h("div", { class: "table-head", role: "row" }, this.heads), this.scroller, this.count);
    this.list = new RowList(this.scroller, ROW_PX, { make: () => this.#make(), fill: (row, i) => this.#fill(row, i) });
  }

  #make() {
    return h("div", { class: "table-row", role: "row", on: {
      click: (e) => this.emit("fk-choose", e.currentTarget.dataset.name),
      pointerenter: (e) => this.emit("fk-row", e.currentTarget.dataset.name), pointerleave: () => this.emit("fk-row", ""),
    } }, h("div", { class: "cell name", role: "cell" }, h("i", { class: "swatch" }), h("button", { type: "button" }, h("bdi"))),
    ["a", "b", "delta", "off"].map((k) => h("div", { class: `cell ${k}`, role: "cell" }, h("b"))));
  }

  #sortBy(key) {
    const next = { name: ["name"], a: ["-a", "a"], b: ["-b", "b"], delta: ["-size", "-delta", "delta"], off: ["-off", "off"] }[key];
    this.#by = next[(next.indexOf(this.#by) + 1) % next.length];
    this.forRows = null;
    this.invalidate();
  }

  #sorted() {
    const { rows, profile, state, marked } = this.props;
    const key = this.#by.replace("-", "");
    const of = { name: (r) => profile.names[r.name], size: (r) => Math.abs(r.self.delta) }[key] ?? ((r) => r.self[key]);
    const only = rows.filter((r) => (r.self.a || r.self.b) && !(state.qm === "filter" && marked && !marked[r.name]));
    const sign = this.#by.startsWith("-") ? -1 : 1;
    const values = new Map(only.map((r) => [r, of(r)]));
    const sure = (r) => (key === "size" && state.sure === "grey" && !r.self.sure ? 1 : 0);
    return only.sort((a, b) => sure(a) - sure(b) || sign * (values.get(a) < values.get(b) ? -1 : values.get(a) > values.get(b) ? 1 : 0));
  }

  update({ rows, state, profile, marked }) {
    if (!profile || !rows) return;
    this.view = this.props;
    if (this.forRows !== rows || this.forMarked !== marked || this.forSure !== state.sure) {
      this.#rows = this.#sorted();
      [this.forRows, this.forMarked, this.forSure] = [rows, marked, state.sure];
    }
    const at = this.#by.replace("-", "").replace("size", "delta");
    this.heads.forEach((head, i) => head.setAttribute("aria-sort", COLUMNS[i][0] !== at ? "none" : this.#by.startsWith("-") ? "descending" : "ascending"));
    this.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    const changed = this.#rows.filter((r) => r.self.sure).length;
    this.count.textContent = `${plural(this.#rows.length, "function")}, own time · ${plural(changed, "change")} beyond chance`;
    this.list.setCount(this.#rows.length);
  }

  #fill(el, i) {
    const { self, total, name } = this.#rows[i];
    const { profile, mode, type, state, marked, hover, tones } = this.view;
    const text = profile.names[name];
    const [first, a, b, delta, off] = el.children;
    el.dataset.name = text;
    el.classList.toggle("chosen", state.fn === text);
    el.classList.toggle("hover", hover === text);
    el.classList.toggle("match", Boolean(marked?.[name]));
    el.classList.toggle("unsure", !self.sure);
    first.firstChild.style.background = cssTone(self, tones);
    first.querySelector("bdi").textContent = shown(text, 200);
    a.firstChild.textContent = amount(self.a, mode, type.unit);
    b.firstChild.textContent = amount(self.b, mode, type.unit);
    delta.firstChild.textContent = `${self.sure ? "" : "≈ "}${signed(self.delta, mode, type.unit)}`;
    off.firstChild.textContent = plusMinus(self.off, mode, type.unit);
    el.title = `${shown(text)}: own time ${howMuch(self)}, ${sureWords(self, true)}; with what it calls ${signed(total.delta, mode, type.unit)}`;
  }
}

customElements.define("fk-difftable", DiffTable);
