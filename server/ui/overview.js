/**
 * <fk-overview>: the whole graph as a strip while a part of it is shown, to
 * drag the part along; and the wheel: Ctrl zooms about the pointer, Shift
 * pans. Rows scroll as everywhere.
 */
import { h, Part } from "./dom.js";

const ROWS = 14;
const ROW_PX = 3;
const STEP = 1.0018;
const EDGE_PX = 6;

class Overview extends Part {
  #drag = null;

  build() {
    this.canvas = h("canvas", { "aria-hidden": "true", height: ROWS * ROW_PX });
    this.pane = h("div", { class: "part" });
    this.append(this.canvas, this.pane);
    this.hidden = true;
    addEventListener("fk-painted", (e) => {
      if (this.isConnected && e.target === this.graph) this.update();
    });
    this.addEventListener("pointerdown", (e) => this.#down(e));
    this.addEventListener("pointermove", (e) => this.#move(e));
    this.addEventListener("pointerup", () => (this.#drag = null));
    this.graph = this.parentElement.querySelector("fk-flamegraph");
    this.graph.addEventListener("wheel", (e) => this.#wheel(e), { passive: false });
  }

  update() {
    const { profile } = this.graph.props ?? {};
    const { view } = this.graph;
    if (!profile || !view) return;
    const width = view.x1 - view.x0;
    this.hidden = width >= profile.total * 0.999;
    if (this.hidden) return;
    if (this.forProfile !== profile || this.forLook !== this.graph.forLook || this.canvas.width !== this.clientWidth) this.#draw(profile);
    this.pane.style.left = `${(view.x0 / profile.total) * 100}%`;
    this.pane.style.width = `${(width / profile.total) * 100}%`;
  }

  #draw(profile) {
    [this.forProfile, this.forLook] = [profile, this.graph.forLook];
    const width = Math.max(1, this.clientWidth);
    this.canvas.width = width;
    const pen = this.canvas.getContext("2d");
    const { full } = this.graph.palette;
    const scale = width / profile.total;
    profile.levels.slice(0, ROWS).forEach((level, l) => {
      for (let i = 0; i < level.name.length; i++) {
        if (level.total[i] * scale < 0.5) continue;
        const v = full[level.name[i]];
        pen.fillStyle = `rgb(${v & 255} ${(v >> 8) & 255} ${(v >> 16) & 255})`;
        pen.fillRect(level.start[i] * scale, l * ROW_PX, Math.max(1, level.total[i] * scale - 0.5), ROW_PX - 0.5);
      }
    });
  }

  #at(e) {
    const box = this.getBoundingClientRect();
    return ((e.clientX - box.left) / box.width) * this.graph.props.profile.total;
  }

  #down(e) {
    const { x0, x1 } = this.graph.view;
    const x = this.#at(e);
    const edge = (EDGE_PX / this.clientWidth) * this.graph.props.profile.total;
    this.setPointerCapture(e.pointerId);
    const grip = Math.abs(x - x0) < edge ? "x0" : Math.abs(x - x1) < edge ? "x1" : "both";
    const inside = x >= x0 && x <= x1;
    this.#drag = { grip, from: inside || grip !== "both" ? x : (x0 + x1) / 2, x0, x1 };
    this.#move(e);
  }

  #move(e) {
    if (!this.#drag) return;
    const { grip, from, x0, x1 } = this.#drag;
    const by = this.#at(e) - from;
    if (grip === "both") this.graph.showPart(x0 + by, x1 + by);
    else if (grip === "x0") this.graph.showPart(Math.min(x0 + by, x1), x1);
    else this.graph.showPart(x0, Math.max(x1 + by, x0));
  }

  #wheel(e) {
    const { view } = this.graph;
    if (!view || !(e.ctrlKey || e.metaKey || e.shiftKey)) return;
    e.preventDefault();
    const box = this.graph.overlay.getBoundingClientRect();
    const width = view.x1 - view.x0;
    if (e.shiftKey) {
      const by = ((e.deltaX || e.deltaY) / box.width) * width;
      this.graph.showPart(view.x0 + by, view.x1 + by);
      return;
    }
    const part = (e.clientX - box.left) / box.width;
    const next = width * STEP ** e.deltaY;
    const at = view.x0 + width * part;
    this.graph.showPart(at - next * part, at + next * (1 - part));
  }
}

customElements.define("fk-overview", Overview);
