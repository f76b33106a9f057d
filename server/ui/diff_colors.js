/**
 * Colours of a diff: less and more of what was there, grey for what chance
 * may have done. Blue and orange can be told apart by everybody; the classic
 * green and red only on request. Never colour alone: each has a mark.
 */
import { changeOf } from "./diff.js";
import { EVEN_LUMINANCE, luminance, mixed, pack, UNSURE } from "./paint.js";

const TONES = {
  blue: { light: { less: [107, 174, 214], more: [253, 141, 60] }, dark: { less: [74, 155, 217], more: [240, 138, 60] } },
  classic: { light: { less: [122, 196, 127], more: [240, 128, 122] }, dark: { less: [70, 150, 80], more: [214, 90, 85] } },
};
const SAME = { light: [232, 232, 232], dark: [86, 86, 94] };
const BACK = { light: [255, 255, 255], dark: [27, 27, 30] };
const FADED = 0.6;
/** A smaller change than this is drawn as none. */
const LEAST = 0.02;
const [NONE, LESS, MORE, NEW, GONE] = [0, 1, 2, 3, 4];

/** @param {import("./diff.js").Change} c @param {boolean} greyUnsure */
export function markOf(c, greyUnsure) {
  if (greyUnsure && !c.sure) return UNSURE;
  if (c.a === 0 && c.b > 0) return NEW;
  if (c.b === 0 && c.a > 0) return GONE;
  return Math.abs(c.part) < LEAST ? NONE : c.part > 0 ? MORE : LESS;
}

/** @param {import("./diff.js").Change} c @param {number} mark @param {{dark: boolean, palette: string}} look @returns {number[]} */
function toneOf(c, mark, { dark, palette }) {
  const theme = dark ? "dark" : "light";
  if (mark === UNSURE || mark === NONE) return SAME[theme];
  const { less, more } = TONES[palette][theme];
  return mixed(SAME[theme], c.part > 0 ? more : less, 0.25 + 0.75 * Math.abs(c.part));
}

/** As CSS, for the table and the legend. */
export function cssTone(c, look) {
  return `rgb(${toneOf(c, markOf(c, look.greyUnsure), look).join(" ")})`;
}

/**
 * Colours and marks of each frame, level by level.
 * @param {object} profile from layDiff
 * @param {import("./diff.js").Sides} sides
 * @param {string} mode
 * @param {{dark: boolean, palette: string, greyUnsure: boolean}} look
 * @returns {import("./paint.js").Cells[]}
 */
export function diffCells(profile, sides, mode, look) {
  const back = BACK[look.dark ? "dark" : "light"];
  return profile.levels.map((level) => {
    const n = level.name.length;
    const row = { full: new Uint32Array(n), faded: new Uint32Array(n), light: new Uint8Array(n), mark: new Uint8Array(n) };
    for (let i = 0; i < n; i++) {
      const c = changeOf(level.totalA[i], level.totalB[i], sides, mode);
      row.mark[i] = markOf(c, look.greyUnsure);
      const rgb = toneOf(c, row.mark[i], look);
      row.full[i] = pack(rgb);
      row.faded[i] = pack(mixed(rgb, back, FADED));
      row.light[i] = luminance(rgb) < EVEN_LUMINANCE ? 1 : 0;
    }
    return row;
  });
}
