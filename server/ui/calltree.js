/**
 * <fk-calltree>: the flame graph as text: an outline whose rows open and
 * close, with the heaviest path open at first. The accessible twin.
 */
import { h, Part } from "./dom.js";
import { share, shown, value } from "./format.js";
import { RowList } from "./list.js";
import { childrenOf, heaviestChild, nameOf, parentOf, pathText } from "./layout.js";
import { mark } from "./mark.js";
import { cssColor } from "./paint.js";

const ROW_PX = 28;
const INDENT_PX = 14;
/** Deeper rows are indented no further, so that names stay on the page. */
const DEEPEST = 28;
/** The heaviest path is opened while its frames hold this share. */
const OPEN_SHARE = 0.1;

class CallTree extends Part {
  #open = new Set();
  #rows = [];
  #laid; // what they are rows of: a hidden tree is not laid again
  #at = 0;

  build() {
    this.setAttribute("role", "treegrid");
    this.setAttribute("aria-label", "Call tree");
    this.scroller = h("div", { class: "table-scroll", role: "presentation", on: { keydown: (e) => this.#key(e) } });
    this.append(h("div", { class: "table-head", role: "row" },
      ["Function", "Self", "Total"].map((t, i) => h("div", { role: "columnheader", class: ["name", "self", "total"][i] }, t, i ? null : mark("self", "self, and what is total")))), this.scroller);
    this.list = new RowList(this.scroller, ROW_PX, { make: () => this.#make(), fill: (el, i) => this.#fill(el, i) });
  }

  update({ profile, zoom, state }) {
    if (!profile || state.view !== "tree") return;
    const root = pathText(profile, zoom);
    if (this.root !== root) {
      this.#open = new Set();
      this.#openHeaviest(profile, zoom);
      this.root = root;
    }
    this.#lay();
  }

  #openHeaviest(profile, from) {
    for (let n = from; n; n = heaviestChild(profile, n)) {
      if (profile.levels[n.level].total[n.index] < OPEN_SHARE * profile.total) break;
      this.#open.add(pathText(profile, n));
    }
  }

  /** The rows that are open, callers before callees. */
  #lay() {
    const { profile, zoom } = this.props;
    const rows = [];
    const stack = [{ node: zoom, depth: 0 }];
    while (stack.length) {
      const { node, depth } = stack.pop();
      const kids = childrenOf(profile, node);
      const path = kids.length ? pathText(profile, node) : "";
      const open = kids.length > 0 && this.#open.has(path);
      rows.push({ node, depth, path, leaf: kids.length === 0, open });
      if (open) {
        const { total } = profile.levels[node.level + 1];
        kids.sort((a, b) => total[a.index] - total[b.index]);
        for (const k of kids) stack.push({ node: k, depth: depth + 1 });
      }
    }
    this.#rows = rows;
    this.#laid = this.props;
    this.#at = Math.min(this.#at, rows.length - 1);
    this.setAttribute("aria-rowcount", String(rows.length + 1));
    this.list.setCount(rows.length);
  }

  #make() {
    const cell = (kind) => h("div", { class: `cell ${kind}`, role: "gridcell" }, h("i"), h("b"), h("small"));
    return h("div", { class: "table-row", role: "row", on: { click: (e) => {
      const i = Number(e.currentTarget.dataset.index);
      this.#at = i;
      this.#toggle(i, !this.#rows[i].open);
    } } }, h("div", { class: "cell name", role: "gridcell" }, h("span", { class: "twist", "aria-hidden": "true" }), h("i", { class: "swatch" }), h("bdi")),
    cell("self"), cell("total"));
  }

  #fill(el, i) {
    const { node, depth, leaf, open } = this.#rows[i];
    const { profile, dark, type, marked } = this.#laid;
    const level = profile.levels[node.level];
    const name = nameOf(profile, node);
    const [first, ...numbers] = el.children;
    el.dataset.index = String(i);
    el.tabIndex = i === this.#at ? 0 : -1;
    el.setAttribute("aria-level", String(depth + 1));
    if (leaf) el.removeAttribute("aria-expanded");
    else el.setAttribute("aria-expanded", String(open));
    el.classList.toggle("chosen", i === this.#at);
    el.classList.toggle("match", Boolean(marked?.[level.name[node.index]]));
    first.style.paddingInlineStart = `${8 + Math.min(depth, DEEPEST) * INDENT_PX}px`;
    first.children[0].textContent = leaf ? "" : open ? "▾" : "▸";
    first.children[1].style.background = cssColor(name, dark);
    first.children[2].textContent = (depth > DEEPEST ? `${depth}: ` : "") + shown(name, 160);
    [level.self[node.index], level.total[node.index]].forEach((v, k) => {
      const [bar, big, small] = numbers[k].children;
      bar.style.width = `calc((100% - 12px) * ${Math.min(1, v / profile.total).toFixed(4)})`;
      big.textContent = v ? share(v / profile.total) : "–";
      small.textContent = v ? value(v, type.unit) : "";
    });
  }

  #toggle(i, open) {
    const row = this.#rows[i];
    if (row.leaf) return this.list.show();
    if (open) this.#open.add(row.path);
    else this.#open.delete(row.path);
    this.#lay();
    this.#focusRow();
    return undefined;
  }

  #goTo(i) {
    this.#at = Math.max(0, Math.min(this.#rows.length - 1, i));
    this.list.reveal(this.#at);
    this.list.show();
    this.#focusRow();
  }

  /** The keyboard stays on the chosen row while rows come and go. */
  #focusRow() {
    this.querySelector(`[data-index="${this.#at}"]`)?.focus({ preventScroll: true });
  }

  #key(e) {
    this.#at = Number(e.target.closest(".table-row")?.dataset.index ?? this.#at);
    const row = this.#rows[this.#at];
    const parent = () => {
      const up = parentOf(this.props.profile, row.node);
      return this.#rows.findIndex((r) => r.node.level === up?.level && r.node.index === up.index);
    };
    const acts = {
      ArrowDown: () => this.#goTo(this.#at + 1),
      ArrowUp: () => this.#goTo(this.#at - 1),
      ArrowRight: () => (row.open ? this.#goTo(this.#at + 1) : this.#toggle(this.#at, true)),
      ArrowLeft: () => (row.open ? this.#toggle(this.#at, false) : this.#goTo(Math.max(0, parent()))),
      Home: () => this.#goTo(0),
      End: () => this.#goTo(this.#rows.length - 1),
      Enter: () => this.emit("fk-zoom", { node: row.node }),
    };
    if (!row || !acts[e.key] || e.shiftKey) return;
    e.preventDefault();
    e.stopPropagation();
    acts[e.key]();
  }
}

customElements.define("fk-calltree", CallTree);
