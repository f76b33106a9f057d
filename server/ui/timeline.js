/**
 * <fk-timeline>: the value over time, phases as bands, markers as flags, and
 * the selected ranges: drag anywhere, drag an edge or the middle, click a
 * band, double click to clear, arrow keys on the edges. Explore has one range
 * and the pages that compare have two: Shift or Alt means the second.
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
/** A single sample is no mountain. */
const LEAST_CORES = 1e-3;

/** What a range is called in the address. @param {string} id @param {string} from @param {string} until */
export function rangePatch(id, from, until) {
  if (id !== "sel") return { [`${id}From`]: from, [`${id}Until`]: until };
  return { sel: until ? `${from}-${until}` : from };
}

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
    this.edges = [0, 1].flatMap((which) => ["from", "until"].map((side) => h("div", {
      class: "edge", role: "slider", tabindex: "0", hidden: true,
      on: { keydown: (e) => this.#nudge(e, which, side) },
    })));
    this.clear = h("button", { type: "button", class: "clear-selection", hidden: true, title: "Clear the selection (Esc)",
      on: { click: () => this.emit("fk-set", { sel: "" }) } }, "whole range ×");
    this.hintText = h("span");
    this.mark = h("button", { type: "button", class: "quiet mark-now", title: "Set a marker (right click: at that moment)", on: { click: () => this.#markHere() } }, "⚑ marker");
    this.hint = h("div", { class: "hint" }, this.hintText, this.mark);
    this.append(h("div", { class: "canvas" }, this.svg, this.edges, this.readout, this.clear), this.hint);
    new ResizeObserver(() => this.invalidate()).observe(this);
    this.svg.addEventListener("pointerdown", (e) => this.#down(e));
    this.svg.addEventListener("pointermove", (e) => this.#point(e));
    this.svg.addEventListener("pointerup", (e) => this.#up(e));
    this.svg.addEventListener("pointercancel", () => this.#stop());
    this.svg.addEventListener("pointerleave", () => this.#leave());
    this.svg.addEventListener("contextmenu", (e) => {
      e.preventDefault();
      if (this.props.data.range) this.#mark(e, null);
    });
    this.svg.addEventListener("dblclick", () => !this.props.ranges && this.emit("fk-set", { sel: "" }));
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

  /** One range, or two with names. @returns {{id: string, name: string, range: import("./time.js").Range|null}[]} */
  get #given() {
    return this.props.ranges ?? [{ id: "sel", name: "", range: this.props.data.sel }];
  }

  /** The same while one of them is being dragged. */
  get #ranges() {
    const drag = this.#drag;
    return this.#given.map((r, i) => (drag?.range && drag.which === i ? { ...r, range: drag.range } : r));
  }

  update({ data, state, type }) {
    if (!data?.range) return;
    this.#width = Math.max(200, this.clientWidth);
    this.svg.setAttribute("width", this.#width);
    this.svg.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    this.utc = state.tz === "utc";
    this.blocks = blocks(data.points, data.step * 1000, type.instant);
    const visible = this.blocks.filter((b) => b.until > data.range.from && b.from < data.range.until);
    const most = Math.max(0, ...visible.map((b) => b.perSecond)) / scaleOf(type);
    const axis = niceAxis(most && Math.max(most, LEAST_CORES));
    this.#drawAxis(axis, type);
    this.#drawArea(visible, axis.top * scaleOf(type));
    this.#drawBands(data.phases);
    this.#drawFlags(data.flags);
    this.#drawSelection();
    const second = this.props.ranges ? "Shift-click or Alt-drag sets B" : "Shift-click a second band to compare the two";
    this.hintText.textContent = data.phases.length ? `click a band to select it · ${second} · drag for any range`
      : `drag to select a range${this.props.ranges ? " for A, Alt-drag for B" : " · double click to clear"}`;
    this.svg.setAttribute("aria-label", `${type.label} over time in ${type.axis}, ${visible.length} points`);
    this.dataset.points = String(visible.length);
  }

  #drawAxis({ top, step }, type) {
    const nodes = [s("text", { x: LEFT - 6, y: BAND.y + 10, "text-anchor": "end" }, type.axis)];
    for (let v = 0; v <= top + step / 10; v += step) {
      const y = PLOT.bottom - (v / top) * (PLOT.bottom - PLOT.top);
      nodes.push(s("line", { x1: LEFT, x2: this.#width - RIGHT, y1: y, y2: y, class: "grid" }),
        s("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, shortest(rate(v * scaleOf(type), type.unit))));
    }
    const { range } = this.props.data;
    const { step: tick, times } = ticks(range, (this.#width - LEFT) / 96);
    for (const t of times) {
      const x = this.#x(t);
      if (x < LEFT + 24 || x > this.#width - 124) continue;
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
      const text = [label, phase.name].find((t) => t.length <= room) ?? (room > 3 ? `${phase.name.slice(0, room - 1)}…` : "");
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
    const ranges = this.#ranges;
    const inside = (t) => Math.min(this.#width - RIGHT, Math.max(LEFT, this.#x(t)));
    const only = ranges.length === 1 ? ranges[0].range : null;
    this.clear.hidden = !only || this.#drag !== null;
    this.edges.forEach((edge, i) => this.#placeEdge(edge, ranges[i >> 1], i & 1 ? "until" : "from", inside));
    const shade = (a, b) => s("rect", { class: "outside", x: a, y: PLOT.top, width: Math.max(0, b - a), height: PLOT.bottom - PLOT.top });
    const nodes = only ? [shade(LEFT, inside(only.from)), shade(inside(only.until), this.#width - RIGHT)] : [];
    const said = [];
    ranges.forEach(({ id, name, range }) => {
      if (!range) return;
      const [x0, x1] = [inside(range.from), inside(range.until)];
      const words = ranges.length > 1 ? name : `${clock(range.from, { utc: this.utc })} – ${clock(range.until, { utc: this.utc })} · ${span(range.until - range.from)}`;
      const half = words.length * 3.4;
      const x = Math.min(Math.max((x0 + x1) / 2, LEFT + half), this.#width - RIGHT - half);
      const line = said.some((other) => Math.abs(other.x - x) < other.half + half) ? 1 : 0;
      said.push({ x, half });
      nodes.push(s("rect", { class: `inside ${id}`, x: x0, y: PLOT.top, width: Math.max(1, x1 - x0), height: PLOT.bottom - PLOT.top }),
        s("text", { x, y: PLOT.top + 14 + 16 * line, "text-anchor": "middle" }, words));
    });
    this.selection.replaceChildren(...nodes);
    if (only) this.clear.style.left = `${Math.min(inside(only.until) + 6, this.#width - 104)}px`;
  }

  #placeEdge(edge, given, side, inside) {
    edge.hidden = !given?.range;
    if (edge.hidden) return;
    const t = given.range[side];
    edge.className = `edge ${given.id}`;
    edge.style.left = `${inside(t)}px`;
    edge.setAttribute("aria-label", `${side === "from" ? "Begin" : "End"} of ${given.name || "the selection"}`);
    edge.setAttribute("aria-valuetext", clock(t, { utc: this.utc }));
    edge.setAttribute("aria-valuenow", String(Math.round(t / 1000)));
  }

  // ---- pointer -----------------------------------------------------------

  /** Which range, and what part of it, is at x. */
  #grip(x, second) {
    const ranges = this.#given;
    const fresh = { which: second ? ranges.length - 1 : 0, grip: "new" };
    for (const edge of ["from", "until"]) {
      const which = ranges.findIndex(({ range }) => range && Math.abs(x - this.#x(range[edge])) < EDGE_PX);
      if (which >= 0) return { which, grip: edge };
    }
    if (second && ranges.length > 1) return fresh;
    const which = ranges.findIndex(({ range }) => range && x > this.#x(range.from) && x < this.#x(range.until));
    return which >= 0 ? { which, grip: "move" } : fresh;
  }

  #down(e) {
    if (e.button || !this.props.data.range) return;
    this.svg.setPointerCapture(e.pointerId);
    const second = e.shiftKey || e.altKey;
    const inBand = e.offsetY < PLOT.top;
    const held = inBand ? { which: second ? this.#given.length - 1 : 0, grip: "new" } : this.#grip(e.offsetX, second);
    this.#drag = { x: e.offsetX, at: this.#time(e.offsetX), ...held, was: this.#given[held.which].range, range: null };
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
      e.offsetY < PLOT.top ? "new" : this.#grip(e.offsetX, e.shiftKey || e.altKey).grip];
    this.#read(e.offsetX);
  }

  #up(e) {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag) return;
    if (drag.range) {
      const { from, until } = drag.range;
      if (until - from >= LEAST_MS) this.emit("fk-set", rangePatch(this.#given[drag.which].id, String(Math.round(from)), String(Math.round(until))));
      else this.#drawSelection();
      return;
    }
    const flag = this.#flagAt(e.offsetX, e.offsetY);
    if (flag) {
      this.#mark(e, flag);
      return;
    }
    const band = this.shownBands.find((b) => e.offsetX >= b.x0 && e.offsetX <= b.x1);
    if (band && drag.grip !== "move") this.selectPhase(band.phase, e.shiftKey || e.altKey);
  }

  /** The flag under a point: its pennant, or the upper end of its pole. */
  #flagAt(x, y) {
    if (y < PLOT.top - 6 || y > PLOT.top + 12) return null;
    const { range, flags } = this.props.data;
    return flags.findLast((f) => f.at >= range.from && f.at <= range.until && x > this.#x(f.at) - 5 && x < this.#x(f.at) + 13) ?? null;
  }

  #mark(e, flag) {
    this.emit("fk-mark", { at: this.#time(e.offsetX), flag, where: { x: e.clientX, y: e.clientY } });
  }

  /** Without a pointer: where the selection begins, else at the end of the range. */
  #markHere() {
    const { range, sel } = this.props.data;
    if (range) this.emit("fk-mark", { at: sel ? sel.from : range.until, flag: null, where: this.mark });
  }

  #stop() {
    this.#drag = null;
    this.#drawSelection();
  }

  /** @param {import("./time.js").Phase} phase @param {boolean} [second] the other side of a comparison */
  selectPhase(phase, second = false) {
    const { data, ranges } = this.props;
    const newest = phase.name && phaseNamed(data.phases, phase.name).from === phase.from;
    const [from, until] = newest ? [`phase:${phase.name}`, ""]
      : [String(Math.round(phase.from)), String(Math.round(phase.until ?? data.range.until))];
    if (second && !ranges) this.emit("fk-compare", { from, until });
    else this.emit("fk-set", rangePatch(ranges ? this.#given[second ? 1 : 0].id : "sel", from, until));
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

  #nudge(e, which, side) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step) return;
    e.preventDefault();
    e.stopPropagation();
    const { id, range } = this.#given[which];
    const next = { ...range };
    next[side] += step * this.props.data.step * 1000 * (e.shiftKey ? 10 : 1);
    if (!(next.until - next.from >= LEAST_MS)) return;
    this.emit("fk-type", { field: "edge", patch: rangePatch(id, String(Math.round(next.from)), String(Math.round(next.until))) });
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

/** "0.30" -> "0.3", "1.00 k" -> "1 k". */
const shortest = (number) => number.replace(/\.(\d*?)0+\b/, (_, digits) => digits && `.${digits}`);

function ordered(a, b) {
  return a < b ? { from: a, until: b } : { from: b, until: a };
}

customElements.define("fk-timeline", Timeline);
