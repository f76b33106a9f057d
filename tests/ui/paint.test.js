/** The scanlines against brute force: every frame that is there has its pixels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { byWeight, decode } from "../../server/ui/flamebearer.js";
import { markedBefore, Painter, palette } from "../../server/ui/paint.js";
import { viewOf } from "../../server/ui/layout.js";
import { encode, random, randomGraph } from "./world.js";

const ROW = 4;
/** A scene without what is drawn. */
const WHOLE = { marked: null, zoomLevel: 0, firstRow: 0, offset: 0, rowHeight: ROW, flame: false, ratio: 1, cells: null, hatch: false };

/** A canvas whose pixels can be read. */
function fakeCanvas(width, height) {
  const out = { width, height, pixels: null };
  out.getContext = () => ({ font: "", globalAlpha: 1, fillStyle: "", fillRect() {}, fillText() {},
    createImageData: (w, h) => ({ width: w, height: h, data: { buffer: new ArrayBuffer(w * h * 4) } }),
    putImageData: (image) => (out.pixels = new Uint32Array(image.data.buffer)),
    measureText: (text) => ({ width: 7 * text.length }) });
  return out;
}

function draw(profile, { view = viewOf(profile, { level: 0, index: 0 }), marked = null, flame = false, firstRow = 0, width = 300 } = {}) {
  const rows = profile.levels.length;
  const canvas = fakeCanvas(width, (rows - firstRow) * ROW);
  const colors = palette(profile, { mode: "module", dark: false });
  const drawn = new Painter(canvas).draw({ ...WHOLE, profile, palette: colors, marked: marked && markedBefore(profile, marked), view,
    firstRow, offset: firstRow * ROW, flame });
  const y = (l) => (flame ? (rows - 1 - l) * ROW : (l - firstRow) * ROW);
  return { ...drawn, colors, at: (l, x) => canvas.pixels[y(l) * width + x] };
}

/** Where each frame of a row lies, in pixels. */
function* framesOf(profile, l, { x0, x1 }, width) {
  const level = profile.levels[l];
  const scale = width / (x1 - x0);
  for (let i = 0; i < level.name.length; i++) {
    const left = (level.start[i] - x0) * scale;
    const right = left + level.total[i] * scale;
    if (right > 0 && left < width) yield { i, left, right, name: level.name[i] };
  }
}

/** Every wide frame has its colour, every narrow one a column that is not empty. */
function check(profile, options = {}) {
  const { view = viewOf(profile, { level: 0, index: 0 }), width = 300, firstRow = 0 } = options;
  const picture = draw(profile, options);
  const { ground, full } = picture.colors;
  let seen = 0;
  for (let l = firstRow; l < profile.levels.length; l++) {
    for (const { left, right, name } of framesOf(profile, l, view, width)) {
      const [a, b] = [Math.max(0, Math.round(left)), Math.min(width, Math.round(right))];
      const what = `${profile.names[name]} in row ${l} from ${left} to ${right}`;
      if (right - left >= 2 && b > a) assert.equal(picture.at(l, a), full[name], what);
      if (right - left < 1 && left >= 0 && right < width) assert.ok([Math.floor(left), Math.floor(right)].some((x) => picture.at(l, x) !== ground.back), what);
      seen++;
    }
  }
  return seen;
}

test("a wide frame that begins in the pixel of a narrow one is drawn", () => {
  const profile = decode({ names: ["total", "a", "b"], levels: [[0, 10000, 0, 0], [0, 1, 1, 1, 0, 9999, 9999, 2]] });
  check(profile, { width: 100 });
  assert.equal(draw(profile, { width: 100 }).frames, 3);
});

for (const [name, profile] of [["by name", decode(randomGraph(9000, 3))], ["by weight", byWeight(decode(randomGraph(9000, 4)))]]) {
  test(`every frame has its pixels, ${name}, whole, zoomed, scrolled and turned over`, () => {
    const whole = check(profile);
    assert.ok(whole > 8000, `${whole} frames`);
    const { start, total } = profile.levels[3];
    for (let i = 0; i < start.length; i += 1 + (start.length >> 3)) check(profile, { view: { x0: start[i], x1: start[i] + total[i] } });
    check(profile, { view: { x0: profile.total * 0.31, x1: profile.total * 0.37 } });
    check(profile, { firstRow: 7 });
    check(profile, { flame: true });
  });
}

test("a column of narrow frames has the match's colour when one of them matches, and only then", () => {
  const rnd = random(5);
  const stacks = Array.from({ length: 4000 }, () => [["m", `f${Math.floor(rnd() * 900)}`, `g${Math.floor(rnd() * 50)}`], 1]);
  const profile = decode(encode(stacks));
  const marked = Uint8Array.from(profile.names, (name) => (/7$/.test(name) ? 1 : 0));
  const picture = draw(profile, { marked });
  const columns = new Map();
  for (const l of [2, 3]) {
    for (const { left, right, name } of framesOf(profile, l, { x0: 0, x1: profile.total }, 300)) {
      if (right - left >= 1) continue;
      const key = `${l} ${Math.floor(left)}`;
      columns.set(key, (columns.get(key) ?? 0) + marked[name]);
    }
  }
  let [hits, wrong] = [0, 0];
  for (const [key, matches] of columns) {
    const [l, x] = key.split(" ").map(Number);
    const has = picture.at(l, x) === picture.colors.ground.match;
    hits += has;
    wrong += has !== (matches > 0);
  }
  assert.ok(hits > 50);
  assert.ok(wrong <= hits / 50, `${wrong} of ${columns.size} columns, ${hits} matches`);
});

test("nothing stays of the picture before", () => {
  const many = decode(randomGraph(3000, 6));
  const few = decode({ names: ["total", "a"], levels: [[0, 10, 4, 0], [3, 2, 2, 1]] });
  const scene = (profile, more = {}) => ({ ...WHOLE, profile, palette: palette(profile, { mode: "module", dark: false }), view: viewOf(profile, { level: 0, index: 0 }), ...more });
  const scenes = [scene(few), scene(few, { flame: true }), scene(many, { firstRow: 3, offset: 3 * ROW + 3 }), scene(many, { flame: true, offset: -2 }), scene(few, { ratio: 2, rowHeight: 2 * ROW })];
  const used = fakeCanvas(200, 10 * ROW);
  const painter = new Painter(used);
  for (const next of scenes) {
    painter.draw(scene(many));
    painter.draw(next);
    const fresh = fakeCanvas(200, 10 * ROW);
    new Painter(fresh).draw(next);
    const { back } = next.palette.ground;
    const want = fresh.pixels.map((v) => v || back);
    assert.ok(used.pixels.every((v, i) => v === want[i]), `scene ${scenes.indexOf(next)}`);
    assert.ok(fresh.pixels.every((v) => v !== 0), "every pixel is drawn");
  }
});
