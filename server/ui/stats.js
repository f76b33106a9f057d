/**
 * How far sampling can be trusted: intervals of shares, and what it takes to
 * shrink them. Pure.
 */

const Z95 = 1.959964;

/** Below this many samples a picture is marked as too few to trust. */
export const FEW_SAMPLES = 30;
/** Enough for shares to within about six points. */
export const ENOUGH_SAMPLES = 300;

/**
 * Wilson's interval (95 %) of a share seen in `n` samples; unlike the plain
 * one it stays inside 0..1 and works for shares of 0 and 1.
 * @param {number} share
 * @param {number} n
 * @returns {{low: number, high: number, half: number}}
 */
export function wilson(share, n) {
  if (!(n > 0)) return { low: 0, high: 1, half: 0.5 };
  const z2 = Z95 * Z95;
  const mid = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 / (1 + z2 / n))
    * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return { low: Math.max(0, mid - half), high: Math.min(1, mid + half), half };
}

/** "±1.8" in points of a percent. @param {number} share @param {number} n */
export function pointsOff(share, n) {
  const points = wilson(share, n).half * 100;
  return points >= 10 ? `±${Math.round(points)}` : `±${points.toFixed(1)}`;
}

/**
 * Seconds more until `want` samples are there, at the pace so far.
 * @param {number} samples
 * @param {number} seconds
 * @param {number} want
 */
export function secondsUntil(samples, seconds, want) {
  if (samples >= want) return 0;
  return samples > 0 ? ((want - samples) * seconds) / samples : Infinity;
}

/** A diff paints many cells at once, so a cell counts as changed only at 99 %. */
const Z_SURE = 2.575829;
/** With fewer counts on both sides together nothing can be told. */
const LEAST_COUNT = 8;

/**
 * Two-proportion test: is k of n another share than m of o?
 * @param {number} k
 * @param {number} n
 * @param {number} m
 * @param {number} o
 * @returns {{z: number, sure: boolean}}
 */
export function shareTest(k, n, m, o) {
  const pooled = (k + m) / (n + o);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / o));
  const z = spread > 0 ? (m / o - k / n) / spread : 0;
  return { z, sure: k + m >= LEAST_COUNT && Math.abs(z) >= Z_SURE };
}

/**
 * Are k events in `e` another rate than m events in `f` (seconds, requests)?
 * Of all events a part f/(e+f) is expected on the second side.
 * @param {number} k
 * @param {number} e
 * @param {number} m
 * @param {number} f
 * @returns {{z: number, sure: boolean}}
 */
export function rateTest(k, e, m, f) {
  const n = k + m;
  const part = f / (e + f);
  const z = n ? (m - n * part) / Math.sqrt(n * part * (1 - part)) : 0;
  return { z, sure: n >= LEAST_COUNT && Math.abs(z) >= Z_SURE };
}

/**
 * How far a difference of two shares may be off, 95 of 100 times (Newcombe:
 * the halves of both intervals).
 * @param {number} k
 * @param {number} n
 * @param {number} m
 * @param {number} o
 */
export function shareOff(k, n, m, o) {
  return Math.hypot(wilson(k / n, n).half, wilson(m / o, o).half);
}

/** The same for a sum of k samples that stand for `each`; none seen may have been one. @param {number} k @param {number} each */
export function sumOff(k, each) {
  return Z95 * Math.sqrt(Math.max(1, k)) * each;
}
