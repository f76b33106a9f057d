/**
 * <fk-timeline>: the value over time, phases as bands, markers as flags, and
 * the selection: drag anywhere, drag an edge or the middle, click a band,
 * double click to clear, arrow keys on the edges.
 */
import { h, Part, s } from "./dom.js";
import { rate, span, value } from "./format.js";
import { blocks, niceAxis } from "./series.js";
import { clock, phaseNamed, ticks, zone } from "./time.js";

const HEIGHT = 138;
const BAND = { y: 4, height: 18 };
const PLOT = { top: 26, bottom: 116 };
const LEFT = 46;
const RIGHT = 10;
const EDGE_PX = 7;
const CLICK_PX = 4;
const BAND_COLORS = 6;
const LEAST_MS = 1000;

class Timeline extends Part {
  #drag = null;
  #width = 600;

  build() {
    this.bands = s("g", { class: "bands" });
    this.plot = s("g");
    this.axis = s("g", { class: "axis" });
    this.flags = s("g", { class: "flags" });
    this.selection = s("g", { class: "selection" });
    this.cursor = s("line", { class: "cursor", y1: PLOT.top, y2: PLOT.bottom, visibility: "hidden" });
    this.svg = s("svg", { height: HEIGHT, role: "img" },
      this.bands, this.axis, this.plot, this.selection, this.cursor, this.flags);
    this.readout = h("div", { class: "readout", hidden: true });
    this.edges = ["from", "until"].map((side) => h("div", {
      class: "edge", role: "slider", tabindex: "0", hidden: true,
      "aria-label": side === "from" ? "Begin of the selection" : "End of the selection",
      on: { keydown: (e) => this.#nudge(e, side) },
    }));
    this.clear = h("button", { type: "button", class: "clear-selection", hidden: true, title: "Clear the selection (Esc)",
      on: { click: () => this.emit("fk-set", { sel: "" }) } }, "whole range ×");
    this.hint = h("div", { class: "hint" });
    this.append(h("div", { class: "canvas" }, this.svg, this.edges, this.readout, this.clear), this.hint);
    new ResizeObserver(() => this.invalidate()).observe(this);
    this.svg.addEventListener("pointerdown", (e) => this.#down(e));
    this.svg.addEventListener("pointermove", (e) => this.#point(e));
    this.svg.addEventListener("pointerup", (e) => this.#up(e));
    this.svg.addEventListener("pointercancel", () => this.#stop());
    this.svg.addEventListener("pointerleave", () => this.#leave());
    this.svg.addEventListener("dblclick", () => this.emit("fk-set", { sel: "" }));
  }

  get dragging() {
    return this.#drag !== null;
  }

  #x(t) {
    const { from, until } = this.props.data.range;
    return LEFT + ((t - from) / (until - from)) * (this.#width - LEFT - RIGHT);
  }

  #time(x) {
    const { from, until } = this.props.data.range;
    const part = (x - LEFT) / (this.#width - LEFT - RIGHT);
    return Math.round(from + Math.min(1, Math.max(0, part)) * (until - from));
  }

  get #selected() {
    return this.#drag?.range ?? this.props.data.sel;
  }

  update({ data, state, type }) {
    this.#width = Math.max(200, this.clientWidth);
    this.svg.setAttribute("width", this.#width);
    this.svg.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    if (!data.range) return;
    this.utc = state.tz === "utc";
    this.blocks = blocks(data.points, data.step * 1000, type.instant);
    const visible = this.blocks.filter((b) => b.until > data.range.from && b.from < data.range.until);
    const axis = niceAxis(Math.max(0, ...visible.map((b) => b.perSecond)) / scaleOf(type));
    this.#drawAxis(axis, type);
    this.#drawArea(visible, axis.top * scaleOf(type));
    this.#drawBands(data.phases);
    this.#drawFlags(data.flags);
    this.#drawSelection();
    this.hint.textContent = data.phases.length ? "click a band to select it · drag for any range · double click to clear"
      : "drag to select a range · double click to clear";
    this.svg.setAttribute("aria-label", `${type.label} over time in ${type.axis}, ${visible.length} points`);
    this.dataset.points = String(visible.length);
  }

  #drawAxis({ top, step }, type) {
    const nodes = [s("text", { x: LEFT - 6, y: BAND.y + 13, "text-anchor": "end" }, type.axis)];
    for (let v = 0; v <= top + step / 10; v += step) {
      const y = PLOT.bottom - (v / top) * (PLOT.bottom - PLOT.top);
      nodes.push(s("line", { x1: LEFT, x2: this.#width - RIGHT, y1: y, y2: y, class: "grid" }),
        s("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, rate(v * scaleOf(type), type.unit)));
    }
    const { range } = this.props.data;
    const { step: tick, times } = ticks(range, (this.#width - LEFT) / 96);
    for (const t of times) {
      const x = this.#x(t);
      if (x > this.#width - 124) continue;
      nodes.push(s("line", { x1: x, x2: x, y1: PLOT.bottom, y2: PLOT.bottom + 4, class: "tick" }),
        s("text", { x, y: PLOT.bottom + 15, "text-anchor": "middle" },
          clock(t, { utc: this.utc, seconds: tick < 60e3, day: tick >= 86400e3 })));
    }
    nodes.push(s("text", { x: this.#width - RIGHT, y: PLOT.bottom + 15, "text-anchor": "end", class: "unit" },
      `${clock(range.until, { utc: this.utc })} ${zone(range.until, this.utc)}`));
    this.axis.replaceChildren(...nodes);
  }

  #drawArea(visible, top) {
    let area = "";
    let line = "";
    let last = null;
    for (const b of visible) {
      const x0 = Math.max(LEFT, this.#x(b.from));
      const x1 = Math.min(this.#width - RIGHT, this.#x(b.until));
      const y = PLOT.bottom - (b.perSecond / top) * (PLOT.bottom - PLOT.top);
      if (x1 <= x0) continue;
      area += `M${x0} ${PLOT.bottom}V${y}H${x1}V${PLOT.bottom}Z`;
      line += last !== null && Math.abs(last - x0) < 1 ? `L${x0} ${y}H${x1}` : `M${x0} ${y}H${x1}`;
      last = x1;
    }
    this.plot.replaceChildren(s("path", { class: "area", d: area }), s("path", { class: "line", d: line }));
  }

  #drawBands(phases) {
    const { range } = this.props.data;
    const names = [...new Set(phases.map((p) => p.name))];
    this.shownBands = phases.filter((p) => (p.until ?? Infinity) > range.from && p.from < range.until)
      .map((phase) => ({ phase, x0: Math.max(LEFT, this.#x(phase.from)),
        x1: Math.min(this.#width - RIGHT, this.#x(phase.until ?? range.until)) }));
    this.bands.replaceChildren(...this.shownBands.map(({ phase, x0, x1 }) => {
      const tone = `tone${names.indexOf(phase.name) % BAND_COLORS}`;
      const room = Math.floor((x1 - x0 - 12) / 6.6);
      const label = [phase.name, phase.data.rate ? `${phase.data.rate}/s` : ""].filter(Boolean).join(" · ");
      const text = label.length <= room ? label : room > 3 ? `${phase.name.slice(0, room - 1)}…` : "";
      return s("g", { class: `band ${tone}`, "data-phase": phase.name },
        s("title", {}, `${label}: ${clock(phase.from, { utc: this.utc })}, ${span((phase.until ?? range.until) - phase.from)}`),
        s("rect", { class: "back", x: x0, y: PLOT.top, width: Math.max(1, x1 - x0), height: PLOT.bottom - PLOT.top }),
        s("rect", { class: "head", x: x0, y: BAND.y, width: Math.max(2, x1 - x0 - 1), height: BAND.height, rx: 3 }),
        text ? s("text", { x: x0 + 6, y: BAND.y + 13 }, text) : null);
    }));
  }

  #drawFlags(flags) {
    const { range } = this.props.data;
    this.flags.replaceChildren(...flags.filter((f) => f.at >= range.from && f.at <= range.until).map((f) => {
      const x = this.#x(f.at);
      return s("g", { class: `flag ${f.kind}` }, s("title", {}, `${f.kind} at ${clock(f.at, { utc: this.utc })}: ${f.text}`),
        s("line", { x1: x, x2: x, y1: PLOT.top - 2, y2: PLOT.bottom }),
        s("path", { d: `M${x} ${PLOT.top - 2}h11l-3 4 3 4h-11z` }));
    }));
  }

  #drawSelection() {
    const sel = this.#selected;
    for (const edge of this.edges) edge.hidden = !sel;
    this.clear.hidden = !sel || this.#drag !== null;
    if (!sel) {
      this.selection.replaceChildren();
      return;
    }
    const [x0, x1] = [sel.from, sel.until].map((t) => Math.min(this.#width - RIGHT, Math.max(LEFT, this.#x(t))));
    const shade = (a, b) => s("rect", { class: "outside", x: a, y: PLOT.top, width: Math.max(0, b - a), height: PLOT.bottom - PLOT.top });
    this.selection.replaceChildren(shade(LEFT, x0), shade(x1, this.#width - RIGHT),
      s("rect", { class: "inside", x: x0, y: PLOT.top, width: Math.max(1, x1 - x0), height: PLOT.bottom - PLOT.top }),
      s("text", { x: Math.min(Math.max((x0 + x1) / 2, LEFT + 90), this.#width - 100), y: PLOT.top + 14, "text-anchor": "middle" },
        `${clock(sel.from, { utc: this.utc })} – ${clock(sel.until, { utc: this.utc })} · ${span(sel.until - sel.from)}`));
    [x0, x1].forEach((x, i) => {
      this.edges[i].style.left = `${x}px`;
      this.edges[i].setAttribute("aria-valuetext", clock(i ? sel.until : sel.from, { utc: this.utc }));
      this.edges[i].setAttribute("aria-valuenow", String(Math.round((i ? sel.until : sel.from) / 1000)));
    });
    this.clear.style.left = `${Math.min(x1 + 6, this.#width - 104)}px`;
  }

  // ---- pointer -----------------------------------------------------------

  #grip(x) {
    const sel = this.props.data.sel;
    if (!sel) return "new";
    if (Math.abs(x - this.#x(sel.from)) < EDGE_PX) return "from";
    if (Math.abs(x - this.#x(sel.until)) < EDGE_PX) return "until";
    return x > this.#x(sel.from) && x < this.#x(sel.until) ? "move" : "new";
  }

  #down(e) {
    if (e.button || !this.props.data.range) return;
    this.svg.setPointerCapture(e.pointerId);
    const { sel } = this.props.data;
    const inBand = e.offsetY < PLOT.top;
    this.#drag = { x: e.offsetX, at: this.#time(e.offsetX), grip: inBand ? "new" : this.#grip(e.offsetX),
      inBand, was: sel, range: null };
  }

  #dragged(x) {
    const { at, grip, was } = this.#drag;
    const t = this.#time(x);
    if (grip === "from") return ordered(t, was.until);
    if (grip === "until") return ordered(was.from, t);
    if (grip === "move") return { from: was.from + t - at, until: was.until + t - at };
    return ordered(at, t);
  }

  #point(e) {
    if (!this.props.data.range) return;
    if (this.#drag && Math.abs(e.offsetX - this.#drag.x) >= CLICK_PX) this.#drag.range = this.#dragged(e.offsetX);
    if (this.#drag?.range) this.#drawSelection();
    this.svg.style.cursor = { from: "ew-resize", until: "ew-resize", move: "grab", new: "crosshair" }[
      e.offsetY < PLOT.top ? "new" : this.#grip(e.offsetX)];
    this.#read(e.offsetX);
  }

  #up(e) {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    if (drag.range) {
      const { from, until } = drag.range;
      if (until - from >= LEAST_MS) this.emit("fk-set", { sel: `${from}-${until}` });
      else this.#drawSelection();
      return;
    }
    const band = this.shownBands.find((b) => e.offsetX >= b.x0 && e.offsetX <= b.x1);
    if (band && drag.grip !== "move") this.selectPhase(band.phase);
  }

  #stop() {
    this.#drag = null;
    this.#drawSelection();
  }

  /** @param {import("./time.js").Phase} phase */
  selectPhase(phase) {
    const newest = phaseNamed(this.props.data.phases, phase.name);
    const exact = `${phase.from}-${phase.until ?? Math.round(this.props.data.range.until)}`;
    this.emit("fk-set", { sel: newest.from === phase.from && phase.name ? `phase:${phase.name}` : exact });
  }

  /** The phase before or after the selected one. @param {number} step */
  stepPhase(step) {
    const bands = this.shownBands ?? [];
    if (!bands.length) return;
    const { sel } = this.props.data;
    const at = bands.findIndex((b) => sel && b.phase.from === sel.from);
    const to = at < 0 ? (step > 0 ? 0 : bands.length - 1) : at + step;
    if (bands[to]) this.selectPhase(bands[to].phase);
  }

  #nudge(e, side) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step) return;
    e.preventDefault();
    e.stopPropagation();
    const by = step * this.props.data.step * 1000 * (e.shiftKey ? 10 : 1);
    const next = { ...this.props.data.sel };
    next[side] += by;
    if (next.until - next.from >= LEAST_MS) this.emit("fk-type", { field: "edge", patch: { sel: `${next.from}-${next.until}` } });
  }

  #read(x) {
    const { data, type } = this.props;
    const t = this.#time(x);
    const block = this.blocks?.find((b) => t >= b.from && t < b.until);
    const phase = data.phases.find((p) => t >= p.from && t < (p.until ?? Infinity));
    this.cursor.setAttribute("visibility", "visible");
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.readout.hidden = false;
    this.readout.textContent = [clock(t, { utc: this.utc }),
      block ? `${rate(block.perSecond, type.unit)} ${type.unit === "bytes" && !type.instant ? "per s" : type.axis}` : "no data",
      block && !type.instant ? `${value(block.value, type.unit)} in ${span(block.until - block.from)}` : null,
      phase ? `phase ${phase.name}${phase.data.rate ? ` at ${phase.data.rate}/s` : ""}` : null,
    ].filter(Boolean).join(" · ");
    const half = this.readout.offsetWidth / 2;
    this.readout.style.left = `${Math.min(Math.max(x, half + 4), this.#width - half - 4)}px`;
  }

  #leave() {
    this.cursor.setAttribute("visibility", "hidden");
    this.readout.hidden = true;
  }
}

/** Axis steps are chosen in the unit people read: cores, not nanoseconds. */
function scaleOf(type) {
  return type.unit === "nanoseconds" ? 1e9 : 1;
}

function ordered(a, b) {
  return a < b ? { from: a, until: b } : { from: b, until: a };
}

customElements.define("fk-timeline", Timeline);
