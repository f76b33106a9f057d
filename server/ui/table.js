/**
 * <fk-table>: self and total of every function, sortable, with the share as a
 * bar. Only visible rows exist.
 */
import { h, Part } from "./dom.js";
import { plural, share, shown, value } from "./format.js";
import { RowList } from "./list.js";
import { mark } from "./mark.js";
import { cssColor } from "./paint.js";
import { pointsOff } from "./stats.js";

const ROW_PX = 30;
const COLUMNS = [["name", "Function"], ["self", "Self"], ["total", "Total"]];

function compare(by, names) {
  const down = by.startsWith("-");
  const key = down ? by.slice(1) : by;
  const order = key === "name" ? (a, b) => (names[a.name] < names[b.name] ? -1 : 1)
    : (a, b) => a[key] - b[key] || b.name - a.name;
  return down ? (a, b) => order(b, a) : order;
}

class Table extends Part {
  #rows = [];

  build() {
    this.heads = COLUMNS.map(([key, text]) => h("div", { role: "columnheader", class: key },
      h("button", { type: "button", "data-by": key, on: { click: () => this.#sortBy(key) } }, text)));
    this.heads[0].append(mark("self", "self, and what is total"));
    this.scroller = h("div", { class: "table-scroll" });
    this.count = h("div", { class: "table-count" });
    this.setAttribute("role", "table");
    this.setAttribute("aria-label", "Functions by self and total");
    this.append(h("div", { class: "table-head", role: "row" }, this.heads), this.scroller, this.count);
    this.list = new RowList(this.scroller, ROW_PX, { make: () => this.#make(), fill: (row, i) => this.#fill(row, i) });
  }

  #make() {
    const cell = (kind) => h("div", { class: `cell ${kind}`, role: "cell" }, h("i"), h("b"), h("small"));
    return h("div", { class: "table-row", role: "row", on: {
      click: (e) => this.#choose(e.currentTarget.dataset.name),
      pointerenter: (e) => this.emit("fk-row", e.currentTarget.dataset.name),
      pointerleave: () => this.emit("fk-row", ""),
    } }, h("div", { class: "cell name", role: "cell" }, h("i", { class: "swatch" }), h("button", { type: "button" }, h("bdi"))),
    cell("self"), cell("total"));
  }

  #fill(el, i) {
    const row = this.#rows[i];
    const { profile, dark, fn, marked, hover, type, samples } = this.view;
    const name = profile.names[row.name];
    const [first, ...numbers] = el.children;
    el.dataset.name = name;
    el.classList.toggle("chosen", fn === name);
    el.classList.toggle("hover", hover === name);
    el.classList.toggle("match", Boolean(marked?.[row.name]));
    first.firstChild.style.background = cssColor(name, dark);
    first.querySelector("bdi").textContent = shown(name, 200);
    first.title = shown(name);
    numbers.forEach((cell, k) => {
      const v = k ? row.total : row.self;
      const part = v / profile.total;
      const [bar, big, small] = cell.children;
      bar.style.width = `calc((100% - 12px) * ${Math.min(1, part).toFixed(4)})`;
      big.textContent = v ? share(part) : "–";
      small.textContent = v ? value(v, type.unit) : "";
      cell.title = samples > 0 ? `${share(part)} ${pointsOff(part, samples)} points, about ${plural(Math.round(part * samples), "sample")}` : "";
    });
  }

  update(view) {
    const { profile, rows, state, marked } = view;
    if (!profile) return;
    this.view = { ...view, fn: state.fn };
    const key = [state.by, state.qm];
    if (this.forRows !== rows || this.forMarked !== marked || String(key) !== this.key) {
      const only = state.qm === "filter" && marked;
      this.#rows = (only ? rows.filter((r) => marked[r.name]) : [...rows]).sort(compare(state.by, profile.names));
      this.forRows = rows;
      this.forMarked = marked;
      this.key = String(key);
    }
    const [key0, down] = state.by.startsWith("-") ? [state.by.slice(1), true] : [state.by, false];
    COLUMNS.forEach(([column], i) => this.heads[i].setAttribute("aria-sort",
      column !== key0 ? "none" : down ? "descending" : "ascending"));
    this.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    this.count.textContent = this.#rows.length === rows.length ? plural(rows.length, "function")
      : `${this.#rows.length} of ${plural(rows.length, "function")}`;
    this.list.setCount(this.#rows.length);
  }

  #sortBy(key) {
    const { by } = this.props.state;
    const first = key === "name" ? "name" : `-${key}`;
    const second = key === "name" ? "-name" : key;
    this.emit("fk-set", { by: by === first ? second : first });
  }

  #choose(name) {
    this.emit("fk-set", { fn: this.props.state.fn === name ? "" : name });
  }
}

customElements.define("fk-table", Table);
