/**
 * A long list of equal rows of which only the visible ones exist. The page
 * never holds more than MOST rows, however many functions there are.
 */
import { h } from "./dom.js";

const MOST = 56;
const SPARE = 4;

export class RowList {
  /**
   * @param {HTMLElement} scroller
   * @param {number} rowPx
   * @param {{make: () => HTMLElement, fill: (row: HTMLElement, index: number) => void}} kind
   */
  constructor(scroller, rowPx, kind) {
    this.scroller = scroller;
    this.rowPx = rowPx;
    this.kind = kind;
    this.count = 0;
    this.body = h("div", { class: "rows", role: "rowgroup" });
    scroller.append(this.body);
    scroller.addEventListener("scroll", () => this.show());
    new ResizeObserver(() => this.show()).observe(scroller);
  }

  /** @param {number} count */
  setCount(count) {
    this.count = count;
    this.body.style.height = `${count * this.rowPx}px`;
    this.show();
  }

  show() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / this.rowPx) - SPARE / 2);
    const room = Math.ceil(this.scroller.clientHeight / this.rowPx) + SPARE;
    const wanted = Math.max(0, Math.min(this.count - first, room, MOST));
    while (this.body.children.length > wanted) this.body.lastChild.remove();
    while (this.body.children.length < wanted) this.body.append(this.kind.make());
    for (let i = 0; i < wanted; i++) {
      const row = this.body.children[i];
      row.style.transform = `translateY(${(first + i) * this.rowPx}px)`;
      row.setAttribute("aria-rowindex", String(first + i + 2));
      this.kind.fill(row, first + i);
    }
  }

  /** @param {number} index */
  reveal(index) {
    const top = index * this.rowPx;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + this.rowPx > scrollTop + clientHeight) this.scroller.scrollTop = top + this.rowPx - clientHeight;
  }
}
