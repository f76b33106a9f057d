/**
 * Draws a flame graph into pixels, one scanline a row: the cost depends on
 * the pixels of the window, not on the nodes of the profile.
 */
import { firstEndingAfter, gallop, hash } from "./layout.js";
import { kindOf, moduleOf } from "./kinds.js";
import { shown } from "./format.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */

/** Hue and saturation a kind; its shade follows from the name. */
const KIND_TONES = {
  light: { app: [14, 46, 90, 76], lib: [204, 222, 42, 80], kernel: [256, 276, 48, 83],
    wait: [150, 172, 26, 79], unknown: [30, 40, 6, 80] },
  dark: { app: [10, 40, 72, 60], lib: [206, 222, 28, 55], kernel: [256, 274, 34, 63],
    wait: [152, 172, 20, 52], unknown: [30, 40, 5, 50] },
};
const MODULE_HUES = [22, 42, 64, 96, 140, 166, 188, 206, 226, 258, 292, 334];
const TEXT_DARK = "#1a1613";
const TEXT_LIGHT = "#ffffff";
/** Where both text colours have the same contrast; each has at least 4.2 there. */
export const EVEN_LUMINANCE = 0.199;

/** Colours of the canvas beside the frames. */
const GROUND = {
  light: { back: [255, 255, 255], root: [232, 228, 222], small: [226, 219, 209],
    match: [163, 40, 111], faded: 0.72, font: TEXT_DARK },
  dark: { back: [27, 27, 30], root: [58, 57, 62], small: [62, 58, 58],
    match: [240, 106, 190], faded: 0.66, font: TEXT_LIGHT },
};

function fromHsl(hue, saturation, lightness) {
  const [sat, light] = [saturation / 100, lightness / 100];
  const a = sat * Math.min(light, 1 - light);
  const part = (n) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (light - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

/** A colour as the canvas's bytes hold it. @param {number[]} rgb */
export function pack([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** @param {number[]} a @param {number[]} b @param {number} part of b */
export function mixed(a, b, part) {
  return a.map((v, i) => Math.round(v + (b[i] - v) * part));
}

/** Relative luminance (WCAG). @param {number[]} rgb */
export function luminance(rgb) {
  const [r, g, b] = rgb.map((v) => {
    const c = v / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function shade(name, dark) {
  const [low, high, sat, light] = KIND_TONES[dark ? "dark" : "light"][kindOf(name)];
  const v = hash(name);
  return fromHsl(low + ((v >>> 8) % 101) / 100 * (high - low), sat, light + ((v >>> 20) % 9) - 4);
}

function moduleShade(name, dark) {
  const module = moduleOf(name);
  if (!module || kindOf(name) === "unknown") return shade(name, dark);
  const hue = MODULE_HUES[hash(module) % MODULE_HUES.length];
  return fromHsl(hue, dark ? 48 : 72, (dark ? 58 : 78) + (hash(name) >>> 20) % 7 - 3);
}

function kindShade(name, dark) {
  const [low, high, sat, light] = KIND_TONES[dark ? "dark" : "light"][kindOf(name)];
  return fromHsl((low + high) / 2, sat, light);
}

function heat(part, dark) {
  const p = Math.sqrt(part);
  return dark ? fromHsl(36 - 26 * p, 20 + 70 * p, 34 + 24 * p)
    : fromHsl(44 - 30 * p, 30 + 64 * p, 91 - 27 * p);
}

/** The colour of one frame as CSS, for legends and table rows. @param {string} name @param {boolean} dark */
export function cssColor(name, dark) {
  return `rgb(${moduleShade(name, dark).join(" ")})`;
}

/**
 * @typedef {object} Palette
 * @property {Uint32Array} full by name
 * @property {Uint32Array} faded by name
 * @property {Uint8Array} light 1 where white text reads better
 * @property {string[]} labels by name, safe to show
 * @property {{back: number, small: number, match: number, font: string}} ground
 */

/**
 * @param {Profile} profile
 * @param {{mode: string, dark: boolean, selfShare?: Float64Array}} look
 * @returns {Palette}
 */
export function palette(profile, { mode, dark, selfShare }) {
  const ground = GROUND[dark ? "dark" : "light"];
  const n = profile.names.length;
  const out = {
    full: new Uint32Array(n), faded: new Uint32Array(n), light: new Uint8Array(n),
    labels: profile.names.map((name) => shown(name, 400)), names: profile.names,
    ground: { back: pack(ground.back), small: pack(ground.small),
      match: pack(ground.match), font: ground.font },
  };
  profile.names.forEach((name, i) => {
    const rgb = i === 0 ? ground.root
      : mode === "self" ? heat(selfShare?.[i] ?? 0, dark)
        : mode === "kind" ? kindShade(name, dark) : moduleShade(name, dark);
    out.full[i] = pack(rgb);
    out.faded[i] = pack(mixed(rgb, ground.back, ground.faded));
    out.light[i] = luminance(rgb) < EVEN_LUMINANCE ? 1 : 0;
  });
  return out;
}

/** Running number of marked nodes of each row, so that "any in this run?" is one subtraction. @param {Profile} profile @param {Uint8Array} marked */
export function markedBefore(profile, marked) {
  return profile.levels.map((level) => {
    const out = new Int32Array(level.name.length + 1);
    for (let i = 0; i < level.name.length; i++) out[i + 1] = out[i] + marked[level.name[i]];
    return out;
  });
}

/** Labels wanted by the scanlines, in flat arrays that are used again. */
class Labels {
  constructor() {
    this.n = 0;
    this.x = [];
    this.y = [];
    this.width = [];
    this.name = [];
    this.faded = [];
    this.light = [];
    this.mark = [];
  }
  add(x, y, width, name, faded) {
    const i = this.n++;
    this.x[i] = x;
    this.y[i] = y;
    this.width[i] = width;
    this.name[i] = name;
    this.faded[i] = faded;
    return i;
  }
}

/** The first node from `i` on that ends after x. */
function firstShown({ start, total }, i, until, x) {
  while (i < until && start[i] + total[i] <= x) i++;
  return i;
}

/**
 * What of a row can be seen: runs of nodes, each with the pixel column that
 * its callers share, or -1 below a wide frame. In flat arrays that are used
 * again.
 */
class Runs {
  constructor() {
    this.n = 0;
    this.from = [];
    this.until = [];
    this.column = [];
  }
  add(from, until, column) {
    if (from === until) return;
    const last = this.n - 1;
    if (last >= 0 && this.column[last] === column && this.until[last] === from) {
      this.until[last] = until;
      return;
    }
    const i = this.n++;
    this.from[i] = from;
    this.until[i] = until;
    this.column[i] = column;
  }
  /** All nodes of a row that reach into the view. */
  begin(level, { x0, x1 }) {
    this.n = 0;
    const from = firstEndingAfter(level, x0);
    this.add(from, level.start[from] < x1 ? gallop(level, from, x1) : from, -1);
  }
}

/** One row into one scanline, and what is below it into `below`. */
class Row {
  constructor(line, level, { x0, x1 }, paint, below) {
    Object.assign(this, { line, level, x0, paint, below });
    this.scale = line.length / (x1 - x0);
    this.frames = 0;
    this.guess = 1;
  }

  /** @param {Runs} runs */
  draw(runs) {
    for (let r = 0; r < runs.n; r++) {
      if (runs.column[r] < 0) this.#nodes(runs.from[r], runs.until[r]);
      else r = this.#narrow(runs, r);
    }
    return this.frames;
  }

  #nodes(from, until) {
    const { level, x0, scale } = this;
    const { start, total } = level;
    for (let i = firstShown(level, from, until, x0); i < until;) {
      if (total[i] * scale >= 1) {
        this.#wide(i++);
        continue;
      }
      const px = Math.floor((start[i] - x0) * scale);
      let next = Math.min(until, gallop(level, i, x0 + (px + 1) / scale, this.guess));
      this.guess = ((next - i) >> 1) + 1;
      // Only the last that begins in this pixel can reach beyond it.
      if (total[next - 1] * scale >= 1) next--;
      this.#column(Math.min(this.line.length - 1, Math.max(0, px)), i, next);
      i = next;
    }
  }

  /** From run `r` on, all below narrow ones: mostly in their column, at times in the next one as well. Returns the last. */
  #narrow(runs, r) {
    const { level, x0, scale } = this;
    const { start } = level;
    const last = this.line.length - 1;
    for (; r < runs.n && runs.column[r] >= 0; r++) {
      const until = runs.until[r];
      for (let i = runs.from[r]; i < until;) {
        const px = Math.min(last, Math.max(0, Math.floor((start[i] - x0) * scale)));
        const edge = x0 + (px + 1) / scale;
        const next = px === last || start[until - 1] < edge ? until : gallop(level, i, edge);
        this.#column(px, i, next);
        i = next;
      }
    }
    return r - 1;
  }

  /** In the match's colour if any of them matches. */
  #column(px, from, until) {
    const { line, level: { first }, paint: { before, ground } } = this;
    if (line[px] !== ground.match) line[px] = before && before[until] > before[from] ? ground.match : ground.small;
    this.frames++;
    this.below.add(first[from], first[until], px);
  }

  #wide(i) {
    const { line, level, x0, scale } = this;
    const { cells, colors, before, faded, labels, y, gap, labelFrom } = this.paint;
    const left = (level.start[i] - x0) * scale;
    const a = Math.max(0, Math.round(left));
    const b = Math.min(line.length, Math.round(left + level.total[i] * scale));
    const name = level.name[i];
    const dim = faded || (before !== null && before[i + 1] === before[i]);
    const tones = cells ?? colors;
    const key = cells ? i : name;
    line.fill(dim ? tones.faded[key] : tones.full[key], a, b - a > 3 ? b - gap : b);
    if (b - a >= labelFrom) {
      const at = labels.add(a, y, b - a, name, dim);
      labels.light[at] = tones.light[key];
      labels.mark[at] = cells ? cells.mark[i] : 0;
    }
    this.frames++;
    this.below.add(level.first[i], level.first[i + 1], -1);
  }
}

/**
 * @typedef {object} Scene
 * @property {Profile} profile
 * @property {Palette} palette
 * @property {Int32Array[]|null} marked from markedBefore
 * @property {{x0: number, x1: number}} view
 * @property {number} zoomLevel rows above are callers of what is zoomed
 * @property {number} firstRow
 * @property {number} offset device pixels the first row is scrolled up
 * @property {number} rowHeight device pixels
 * @property {boolean} flame root at the bottom
 * @property {number} ratio
 * @property {boolean} [big] for the back row
 * @property {Cells[]|null} cells colours by node instead of by name
 * @property {boolean} hatch the whole picture is not to be trusted
 */
/** @typedef {{full: Uint32Array, faded: Uint32Array, light: Uint8Array, mark: Uint8Array}} Cells one row; mark is an index into MARKS */

/** What stands before a name in a diff: less, more, new, gone; unsure is hatched. */
const MARKS = ["", "− ", "+ ", "◇ ", "◆ ", ""];
export const UNSURE = 5;

export class Painter {
  #image = null;
  #pixels = new Uint32Array(0);
  #labels = new Labels();
  #runs = [new Runs(), new Runs()];

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
  }

  #fit() {
    const { width, height } = this.canvas;
    if (this.#image?.width === width && this.#image.height === height) return;
    this.#image = this.context.createImageData(width, height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  /** Copies a row's scanline down its height, with what lies between rows below it. */
  #stretch(top, bottom, gap, ground) {
    const { width, height } = this.canvas;
    for (let y = top + 1; y < Math.min(height, bottom); y++) {
      this.#pixels.copyWithin(y * width, top * width, (top + 1) * width);
    }
    this.#clear(bottom, bottom + gap, ground);
  }

  /** Nothing on some scanlines. */
  #clear(from, until, ground) {
    const { width, height } = this.canvas;
    const inside = (y) => Math.min(height, Math.max(0, y)) * width;
    this.#pixels.fill(ground.back, inside(from), inside(until));
  }

  /**
   * @param {Scene} scene
   * @returns {{frames: number, labels: number}}
   */
  draw(scene) {
    this.#fit();
    const { width, height } = this.canvas;
    const { profile, palette: colors, rowHeight } = scene;
    const gap = Math.max(1, Math.round(scene.ratio));
    const charWidth = this.#font(scene.ratio * (scene.big ? 1.4 : 1));
    this.#labels.n = 0;
    let [here, below] = this.#runs;
    let frames = 0;
    let [first, last] = [height, 0]; // scanlines with rows on them
    for (let l = scene.firstRow; l < profile.levels.length; l++) {
      const y = rowTop(scene, l, height);
      if (scene.flame ? y + rowHeight <= 0 : y >= height) break;
      if (l === scene.firstRow) here.begin(profile.levels[l], scene.view);
      below.n = 0;
      const top = Math.min(height - 1, Math.max(0, y));
      const line = this.#pixels.subarray(top * width, (top + 1) * width).fill(colors.ground.back);
      frames += new Row(line, profile.levels[l], scene.view, {
        colors, cells: scene.cells?.[l], ground: colors.ground, before: scene.marked?.[l] ?? null, y,
        faded: l < scene.zoomLevel, labels: this.#labels, gap,
        labelFrom: charWidth * 3 + 8 * scene.ratio,
      }, below).draw(here);
      [here, below] = [below, here];
      this.#stretch(top, y + rowHeight - gap, gap, colors.ground);
      [first, last] = [Math.min(first, top), Math.max(last, y + rowHeight)];
    }
    this.#clear(0, first, colors.ground);
    this.#clear(last, height, colors.ground);
    this.context.putImageData(this.#image, 0, 0);
    if (scene.hatch) this.#hatch(scene, 0, 0, width, height);
    this.#write(scene, charWidth);
    return { frames, labels: this.#labels.n };
  }

  /** Thin strokes over what chance may have made. */
  #hatch({ ratio, palette: { ground } }, x, y, width, height) {
    const size = Math.round(7 * ratio);
    if (this.hatchOf !== ground.font + size) {
      this.hatchOf = ground.font + size;
      const tile = Object.assign(document.createElement("canvas"), { width: size, height: size });
      const pen = tile.getContext("2d");
      pen.strokeStyle = ground.font;
      pen.globalAlpha = 0.16;
      pen.lineWidth = ratio;
      pen.stroke(new Path2D(`M-1 ${size + 1}L${size + 1} -1M-1 1L1 -1M${size - 1} ${size + 1}L${size + 1} ${size - 1}`));
      this.hatchTile = this.context.createPattern(tile, "repeat");
    }
    this.context.fillStyle = this.hatchTile;
    this.context.fillRect(x, y, width, height);
  }

  #font(ratio) {
    const font = `${12 * ratio}px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace`;
    if (this.fontName !== font || this.context.font !== this.fontSet) {
      this.context.font = font;
      this.fontName = font;
      this.fontSet = this.context.font;
      this.charWidth = this.context.measureText("0").width;
    }
    this.context.textBaseline = "middle";
    return this.charWidth;
  }

  #write(scene, charWidth) {
    const { context } = this;
    const labels = this.#labels;
    const { palette: colors, rowHeight, ratio } = scene;
    const pad = Math.round(5 * ratio);
    const middle = Math.round((rowHeight - ratio) / 2) + 0.5;
    for (let i = 0; i < labels.n; i++) {
      const name = labels.name[i];
      if (labels.mark[i] === UNSURE) this.#hatch(scene, labels.x[i], labels.y[i], labels.width[i] - ratio, rowHeight - ratio);
      const text = fitted(MARKS[labels.mark[i]] + colors.labels[name], labels.width[i] - 2 * pad, charWidth, context);
      if (!text) continue;
      const style = labels.faded[i] ? colors.ground.font
        : labels.light[i] ? TEXT_LIGHT : TEXT_DARK;
      if (context.fillStyle !== style) context.fillStyle = style;
      context.globalAlpha = labels.faded[i] ? 0.6 : 1;
      context.fillText(text, labels.x[i] + pad, labels.y[i] + middle);
    }
    context.globalAlpha = 1;
  }
}

/** Where row `l` begins on the canvas, in device pixels. @param {Scene} scene @param {number} l @param {number} height */
export function rowTop(scene, l, height) {
  const along = l * scene.rowHeight - scene.offset;
  return scene.flame ? height - along - scene.rowHeight : along;
}

const ASCII = /^[\x20-\x7e−◇◆]*$/;

/** The name cut to a width by counting; others than ASCII are measured. */
function fitted(text, width, charWidth, context) {
  const room = Math.floor(width / charWidth);
  if (ASCII.test(text)) {
    return text.length <= room ? text : room > 2 ? `${text.slice(0, room - 1)}…` : "";
  }
  let cut = text.slice(0, room);
  while (cut && context.measureText(cut).width > width) cut = cut.slice(0, -1);
  return cut.length > 1 ? cut : "";
}
