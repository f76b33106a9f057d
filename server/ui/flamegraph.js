/**
 * <fk-flamegraph>: the picture, with zoom, hover and keys. Two canvases as
 * large as the window on it: frames below, marks above, so that moving the
 * pointer never redraws the frames. It decides nothing: it emits fk-zoom,
 * fk-hover, fk-pin and fk-menu, and shows the `props` it is given.
 */
import { h, Part } from "./dom.js";
import { firstEndingAfter, gallop, nameOf, nodeAt, viewOf } from "./layout.js";
import { markedBefore, Painter, palette, rowTop } from "./paint.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {import("./flamebearer.js").Node} Node */
/**
 * @typedef {object} Props
 * @property {Profile} profile
 * @property {Node} zoom
 * @property {Uint8Array|null} marked names that match the search
 * @property {string} fn name outlined everywhere
 * @property {{mode: string, dark: boolean, selfShare?: Float64Array}} look
 * @property {boolean} flame
 * @property {boolean} [hatch] too few samples to trust
 */

/** Rows are as high as fit, between these. */
const ROW_PX = [22, 28];
const BIG_ROW_PX = [32, 38];
const ZOOM_MS = 160;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const ROOT = { level: 0, index: 0 };

/** A view is never a smaller part of the whole than this. */
const LEAST_PART = 1e-6;

const viewOfPart = ({ total }, [from, until]) => ({ x0: from * total, x1: until * total });
const sameNode = (a, b) => a?.level === b?.level && a?.index === b?.index;

class FlameGraph extends Part {
  #ratio = 1;
  #view = null;
  #moving = null;
  #focus = null;
  #hover = null;
  #scene = null;
  #part = null;
  #stats = { frames: 0, labels: 0, ms: 0 };

  build() {
    this.picture = h("canvas", { class: "fg-picture", "aria-hidden": "true" });
    this.overlay = h("canvas", {
      class: "fg-overlay", tabindex: "0", role: "application",
      "aria-roledescription": "flame graph",
      "aria-label": "Flame graph. Arrow keys move between frames, Enter zooms, Escape steps out. The Tree view holds the same as text.",
    });
    this.sizer = h("div", { class: "fg-sizer" },
      h("div", { class: "fg-stick" }, this.picture, this.overlay));
    this.scroller = h("div", { class: "fg-scroll" }, this.sizer);
    this.live = h("div", { class: "unseen", "aria-live": "polite" });
    this.append(this.scroller, this.live);
    this.painter = new Painter(this.picture);
    this.marks = this.overlay.getContext("2d");
    this.#listen();
  }

  get moving() {
    return this.#moving !== null;
  }

  #listen() {
    const on = (type, fn) => this.overlay.addEventListener(type, fn);
    new ResizeObserver(() => this.invalidate()).observe(this.scroller);
    this.scroller.addEventListener("scroll", () => this.invalidate());
    on("pointermove", (e) => this.#point(e));
    on("pointerleave", () => this.setHover(null));
    on("click", (e) => this.#click(e));
    on("contextmenu", (e) => this.#menu(e));
    on("blur", () => this.#drawMarks());
    on("focus", () => this.#drawMarks());
  }

  // ---- drawing -----------------------------------------------------------

  /** Device pixels a row. */
  get rowPx() {
    const [least, most] = this.props.look.big ? BIG_ROW_PX : ROW_PX;
    const rows = this.forProfile?.levels.length ?? 1;
    const fits = Math.floor(this.#room / rows);
    return Math.round(Math.min(most, Math.max(least, fits)) * this.#ratio);
  }

  /** CSS pixels there are for rows. */
  get #room() {
    return parseFloat(getComputedStyle(this.scroller).maxHeight) || this.scroller.clientHeight;
  }

  #fit(rows) {
    this.#ratio = devicePixelRatio || 1;
    const rowCss = this.rowPx / this.#ratio;
    this.sizer.style.height = `${rows * rowCss}px`;
    const cssWidth = this.scroller.clientWidth;
    const cssHeight = Math.min(rows * rowCss, this.#room);
    const width = Math.max(1, Math.floor(cssWidth * this.#ratio));
    const height = Math.max(1, Math.round(cssHeight * this.#ratio));
    for (const canvas of [this.picture, this.overlay]) {
      if (canvas.width === width && canvas.height === height) continue;
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${width / this.#ratio}px`;
      canvas.style.height = `${height / this.#ratio}px`;
    }
  }

  /** @param {Props} props */
  update(props) {
    const { profile } = props;
    if (!profile) return;
    this.#prepare(props);
    this.#fit(profile.levels.length);
    this.#aim(props);
    const begun = performance.now();
    this.#scene = this.#makeScene(props);
    const drawn = this.painter.draw(this.#scene);
    this.#stats = { ...drawn, ms: performance.now() - begun };
    this.#drawMarks();
    if (this.#moving) {
      delete this.picture.dataset.ready;
      this.invalidate();
    } else this.#tell();
  }

  #prepare(props) {
    const { profile, look, marked } = props;
    if (this.forProfile !== profile || this.forLook !== look) {
      this.palette = palette(profile, look);
      this.forLook = look;
    }
    if (this.forProfile !== profile || this.forMarked !== marked) {
      this.before = marked ? markedBefore(profile, marked) : null;
      this.forMarked = marked;
    }
    if (this.forProfile !== profile) {
      const kept = this.forProfile && this.#focus;
      this.#focus = kept && profile.levels[kept.level]?.name[kept.index] !== undefined ? kept : null;
      this.#hover = null;
      this.forProfile = profile;
      this.#view = this.#part && viewOfPart(profile, this.#part);
      this.#moving = null;
    }
  }

  /** Turns the view towards the zoomed node, at once or in a short move. */
  #aim({ profile, zoom, flame }) {
    const want = viewOf(profile, zoom);
    const changed = !sameNode(this.zoomed, zoom) || this.flame !== flame;
    const first = this.zoomed === undefined;
    this.zoomed = zoom;
    this.flame = flame;
    if (changed) this.#part = null;
    if (!this.#view || (STILL.matches && !this.#part)) {
      this.#view = want;
      this.#moving = null;
    } else if (changed && (want.x0 !== this.#view.x0 || want.x1 !== this.#view.x1)) {
      this.#moving = { from: this.#view, to: want, begun: performance.now() };
    }
    if (changed) this.#reveal(zoom, first);
    if (this.#moving) this.#move();
  }

  #move() {
    const { from, to, begun } = this.#moving;
    const t = Math.min(1, (performance.now() - begun) / ZOOM_MS);
    const part = 1 - (1 - t) ** 3;
    this.#view = t === 1 ? to : {
      x0: from.x0 + (to.x0 - from.x0) * part, x1: from.x1 + (to.x1 - from.x1) * part,
    };
    if (t === 1) this.#moving = null;
  }

  /** Scrolls so that the row of a node can be seen with its callees. */
  #reveal(node, first) {
    const rowCss = this.rowPx / this.#ratio;
    const rows = this.forProfile.levels.length;
    const room = Math.min(this.#room, rows * rowCss);
    const along = node.level * rowCss;
    const offset = this.flame ? rows * rowCss - room - this.scroller.scrollTop : this.scroller.scrollTop;
    if (!first && !this.flame && along >= offset && along < offset + room - 2 * rowCss) return;
    const want = Math.max(0, along - 2 * rowCss);
    this.scroller.scrollTop = this.flame ? rows * rowCss - room - want : want;
  }

  #makeScene({ profile, zoom, flame }) {
    const { rowPx } = this;
    const scrolled = Math.round(this.scroller.scrollTop * this.#ratio);
    const offset = flame
      ? profile.levels.length * rowPx - this.picture.height - scrolled : scrolled;
    return {
      profile, palette: this.palette, marked: this.before, view: this.#view,
      zoomLevel: zoom.level, firstRow: Math.max(0, Math.floor(offset / rowPx)),
      offset, rowHeight: rowPx, flame, ratio: this.#ratio,
      big: this.props.look.big, cells: this.forLook.cells ?? null, hatch: Boolean(this.props.hatch),
    };
  }

  #tell() {
    const data = { ready: "1", frames: String(this.#stats.frames), ms: this.#stats.ms.toFixed(2) };
    Object.assign(this.picture.dataset, data);
    Object.assign(this.dataset, data);
    this.emit("fk-painted", this.#stats);
  }

  #box(node) {
    const level = this.#scene.profile.levels[node.level];
    const { x0, x1 } = this.#scene.view;
    const scale = this.picture.width / (x1 - x0);
    const left = (level.start[node.index] - x0) * scale;
    const right = left + level.total[node.index] * scale;
    const x = Math.max(0, Math.round(left));
    return {
      x, y: rowTop(this.#scene, node.level, this.picture.height),
      width: Math.max(1, Math.min(this.picture.width, Math.round(right)) - x),
      height: this.#scene.rowHeight - Math.max(1, Math.round(this.#ratio)),
    };
  }

  /** The part of the whole that is shown. */
  get view() {
    return this.#view;
  }

  /** Shows any part of the whole, as the wheel and the overview want it. @param {number} x0 @param {number} x1 */
  showPart(x0, x1) {
    const { total } = this.forProfile;
    const width = Math.min(total, Math.max(x1 - x0, total * LEAST_PART));
    const left = Math.min(total - width, Math.max(0, x0));
    this.#part = [left / total, (left + width) / total];
    this.#view = viewOfPart(this.forProfile, this.#part);
    this.#moving = null;
    this.invalidate();
  }

  #drawMarks() {
    const { marks, overlay } = this;
    marks.clearRect(0, 0, overlay.width, overlay.height);
    if (!this.#scene) return;
    const ink = this.props.look.dark ? "#fff" : "#1a1613";
    const name = this.props.fn || (this.#hover && nameOf(this.#scene.profile, this.#hover));
    if (name) this.#outlineAll(name, ink);
    if (this.#hover) this.#outline(this.#hover, ink, 2);
    if (this.#focus && document.activeElement === overlay) this.#outline(this.#focus, "#2f7bf6", 3);
  }

  #outline(node, color, thick) {
    const { x, y, width, height } = this.#box(node);
    const w = thick * this.#ratio;
    this.marks.strokeStyle = color;
    this.marks.lineWidth = w;
    this.marks.strokeRect(x + w / 2, y + w / 2, Math.max(1, width - w), height - w);
  }

  /** A thin mark on every visible frame of one function. */
  #outlineAll(name, color) {
    const { profile, view, firstRow, rowHeight } = this.#scene;
    const wanted = profile.names.indexOf(name);
    const least = (view.x1 - view.x0) / this.picture.width;
    const last = Math.min(profile.levels.length, firstRow + Math.ceil(this.picture.height / rowHeight) + 1);
    this.marks.globalAlpha = 0.75;
    for (let l = firstRow; l < last; l++) {
      const level = profile.levels[l];
      for (let i = firstEndingAfter(level, view.x0); i < level.name.length && level.start[i] < view.x1; i++) {
        if (level.name[i] === wanted && level.total[i] > least) this.#outline({ level: l, index: i }, color, 1);
      }
    }
    this.marks.globalAlpha = 1;
  }

  // ---- what is where -----------------------------------------------------

  /**
   * The node at a place of the element, in CSS pixels; in a column shared by
   * small frames the largest of them, with their number and sum.
   * @param {number} x
   * @param {number} y
   * @returns {{node: Node, crowd: number, sum: number}|null}
   */
  hit(x, y) {
    const scene = this.#scene;
    if (!scene) return null;
    const [px, py] = [x * this.#ratio, y * this.#ratio];
    const along = scene.flame ? this.picture.height - py : py;
    const l = Math.floor((along + scene.offset) / scene.rowHeight);
    const level = scene.profile.levels[l];
    if (!level || px < 0 || px >= this.picture.width) return null;
    const unit = (scene.view.x1 - scene.view.x0) / this.picture.width;
    const at = scene.view.x0 + (Math.floor(px) + 0.5) * unit;
    const exact = nodeAt(level, at);
    if (exact >= 0 && level.total[exact] >= unit) return { node: { level: l, index: exact }, crowd: 1, sum: level.total[exact] };
    return this.#crowd(l, at - unit / 2, at + unit / 2);
  }

  #crowd(l, x0, x1) {
    const level = this.#scene.profile.levels[l];
    const from = firstEndingAfter(level, x0);
    const until = gallop(level, from, x1);
    let best = -1;
    let sum = 0;
    let crowd = 0;
    for (let i = from; i <= until && i < level.name.length && level.start[i] < x1; i++) {
      sum += level.total[i];
      crowd++;
      if (best < 0 || level.total[i] > level.total[best]) best = i;
    }
    return best < 0 ? null : { node: { level: l, index: best }, crowd, sum };
  }

  #describe(node) {
    const { profile } = this.#scene;
    const level = profile.levels[node.level];
    return {
      name: nameOf(profile, node), level: node.level, index: node.index,
      total: level.total[node.index], self: level.self[node.index],
    };
  }

  /** For tests and robots: the frame at a place, in CSS pixels of the canvas. @param {number} x @param {number} y */
  frameAt(x, y) {
    const found = this.hit(x, y);
    return found && this.#describe(found.node);
  }

  /** For tests and robots: every frame at least a pixel wide, with its box in CSS pixels. */
  visibleFrames() {
    const out = [];
    const { profile, view, firstRow, rowHeight } = this.#scene;
    const least = (view.x1 - view.x0) / this.picture.width;
    const last = Math.min(profile.levels.length, firstRow + Math.ceil(this.picture.height / rowHeight));
    for (let l = firstRow; l < last; l++) {
      const level = profile.levels[l];
      for (let i = firstEndingAfter(level, view.x0); i < level.name.length && level.start[i] < view.x1; i++) {
        if (level.total[i] < least) continue;
        const node = { level: l, index: i };
        const box = this.#box(node);
        for (const key in box) box[key] /= this.#ratio;
        out.push({ ...this.#describe(node), ...box });
      }
    }
    return out;
  }

  /** What the last drawing cost. @returns {{frames: number, labels: number, ms: number}} */
  stats() {
    return { ...this.#stats };
  }

  // ---- pointer and keys --------------------------------------------------

  /** Marks a frame from outside, as when its twin is under the pointer. @param {Node|null} node */
  highlight(node) {
    this.#hover = node;
    this.#drawMarks();
  }

  /** @param {Node|null} node */
  setHover(node, detail = {}) {
    if (!node && !this.#hover) return;
    this.highlight(node);
    this.emit("fk-hover", node ? { node, ...detail } : null);
  }

  #point(e) {
    const found = this.hit(e.offsetX, e.offsetY);
    this.overlay.classList.toggle("over", found !== null);
    this.setHover(found?.node ?? null, { ...found, x: e.clientX, y: e.clientY });
  }

  #click(e) {
    const found = this.hit(e.offsetX, e.offsetY);
    if (!found) return;
    this.#focus = found.node;
    if (e.shiftKey) this.emit("fk-pin", { node: found.node });
    else this.zoomOrBack(found.node);
  }

  /** A click on the zoomed frame itself goes back to the whole. */
  zoomOrBack(node) {
    const again = sameNode(node, this.props.zoom) && node.level > 0;
    this.emit("fk-zoom", { node: again ? ROOT : node });
  }

  #menu(e) {
    const found = this.hit(e.offsetX, e.offsetY);
    if (!found) return;
    e.preventDefault();
    this.#focus = found.node;
    this.emit("fk-menu", { node: found.node, x: e.clientX, y: e.clientY });
  }

  /** The frame the keys act on. @returns {Node} */
  get focusNode() {
    return this.#focus ?? this.props.zoom ?? ROOT;
  }

  /** Makes a frame the keys' one. @param {Node} node */
  set focusNode(node) {
    this.#focus = node;
    this.#reveal(node, false);
    this.#drawMarks();
  }

  /** Where a frame's lower left corner is in the window. @param {Node} node */
  cornerOf(node) {
    const { x, y, height } = this.#box(node);
    const at = this.overlay.getBoundingClientRect();
    return { x: at.left + x / this.#ratio, y: at.top + (y + height) / this.#ratio };
  }
}

customElements.define("fk-flamegraph", FlameGraph);
