/**
 * From the timeline's points to blocks that can be drawn. A sender that
 * uploads every 15 s would make spikes and gaps in 5 s buckets; each point is
 * spread over the time it stands for, so the area stays true. Pure.
 */

/** @typedef {{from: number, until: number, perSecond: number, value: number}} Block milliseconds */

function usualGap(points, stepMs) {
  const gaps = points.slice(1).map((p, i) => p.t - points[i].t).sort((a, b) => a - b);
  return Math.max(stepMs, gaps[gaps.length >> 1] ?? stepMs);
}

/**
 * @param {{t: number, v: number}[]} points sorted; t is the end of a bucket
 * @param {number} stepMs
 * @param {boolean} instant values are levels and are not divided by time
 * @returns {Block[]}
 */
export function blocks(points, stepMs, instant) {
  const usual = usualGap(points, stepMs);
  return points.map(({ t, v }, i) => {
    const from = t - stepMs;
    const next = points[i + 1];
    const gap = next ? Math.min(next.t - t, usual * 1.5) : usual;
    const length = usual === stepMs ? stepMs : gap;
    return { from, until: from + length, value: v, perSecond: instant ? v : v / (length / 1000) };
  });
}

/** A round number not below v, and a step that divides it: for an axis. @param {number} v @returns {{top: number, step: number}} */
export function niceAxis(v) {
  if (!(v > 0)) return { top: 1, step: 0.5 };
  const size = 10 ** Math.floor(Math.log10(v));
  const times = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((m) => m * size >= v * 0.9999);
  return { top: times * size, step: (times * size) / 2 };
}

const MOST_PIECES = 12;
/** Shorter pieces would hold one upload or none. */
const LEAST_MS = 15e3;

/** Where the range is cut. @param {{from: number, until: number}} range @returns {{from: number, until: number}[]} */
export function piecesOf({ from, until }) {
  const n = Math.max(1, Math.min(MOST_PIECES, Math.floor((until - from) / LEAST_MS)));
  const at = (i) => Math.round(from + ((until - from) * i) / n);
  return Array.from({ length: n }, (_, i) => ({ from: at(i), until: at(i + 1) }));
}
