/**
 * A diff in words: the sentence above the picture, and what stands in its
 * cells. Pure.
 */
import { mainCause } from "./diff.js";
import { count, share, shown, significant, value } from "./format.js";
import { FEW_SAMPLES } from "./stats.js";

/** @typedef {import("./diff.js").Change} Change */
/** @typedef {import("./diff.js").Sides} Sides */

export const MODES = {
  request: ["per request", "Divided by the requests of each side: more load alone changes nothing."],
  share: ["share of total", "Each side is 100 %: says what shifted, and hides how much there was."],
  absolute: ["absolute", "As it was used: a busier or longer side is larger everywhere."],
};

/** A value of a side as its mode shows it. @param {number} v already divided @param {string} mode @param {string} unit */
export function amount(v, mode, unit) {
  return mode === "share" ? share(v) : value(v, unit);
}

/** "+3.1 ms", "−12.0 points". @param {number} v @param {string} mode @param {string} unit */
export function signed(v, mode, unit) {
  const sign = v > 0 ? "+" : v < 0 ? "−" : "±";
  return sign + (mode === "share" ? `${significant(Math.abs(v) * 100)} points` : value(Math.abs(v), unit));
}

/** "±0.4 ms": how far a difference may be off. @param {number|null} off @param {string} mode @param {string} unit */
export function plusMinus(off, mode, unit) {
  return off === null ? "–" : `±${mode === "share" ? significant(off * 100) : value(off, unit)}`;
}

/** How much of the larger side went or came, in words. @param {Change} c */
export function howMuch(c) {
  if (c.a === 0 && c.b === 0) return "nothing";
  if (c.a === 0) return "new";
  if (c.b === 0) return "gone";
  const times = c.b / c.a;
  if (times >= 2) return `${significant(times)} times as much`;
  return `${times >= 1 ? "+" : "−"}${significant(Math.abs(times - 1) * 100)} %`;
}

/** @param {Change} c @param {boolean} counted samples of both sides are known */
export function sureWords(c, counted) {
  if (!counted) return "the samples were not counted, so nobody can tell chance from change";
  return c.sure ? "more than chance: 99 of 100" : "may be chance: too few samples to tell";
}

function causeWords(found, names, mode, unit) {
  if (!found) return "No function's own time changed by more than chance would.";
  const { row, part } = found;
  const name = shown(names[row.name], 60);
  if (part === null || mode === "share") return `${name} changed most: ${signed(row.self.delta, mode, unit)} of its own time.`;
  const percent = Math.round(part * 100);
  return percent > 100 ? `${name} alone adds ${percent} % of the difference; others take some of it back.`
    : `${name} explains ${percent} % of the difference by its own code.`;
}

/**
 * "Per request B costs 8.40 ms CPU, A 0.3 ms. compute_hash explains 91 %..."
 * @param {Change} whole @param {import("./diff.js").DiffRow[]} rows
 * @param {string[]} names @param {string} mode @param {{unit: string, of: string}} type
 */
export function spoken(whole, rows, names, mode, type) {
  const cause = causeWords(mainCause(rows, mode === "share" ? 0 : whole.delta), names, mode, type.unit);
  if (mode === "share") return `As shares of each side's ${type.of}: ${cause}`;
  const lead = mode === "request" ? "Per request B costs" : "B used";
  const [b, a] = [value(whole.b, type.unit), value(whole.a, type.unit)];
  const verdict = whole.sure ? ` (${howMuch(whole)})` : ": no more than chance";
  return `${lead} ${b} ${type.of}, A ${a}${verdict}. ${whole.sure ? cause : ""}`.trim();
}

/** What to think of it, with so many samples on each side. @param {(number|null)[]} samples */
export function doubt([a, b]) {
  if (a === null || b === null) return "";
  if (!a || !b) return ` Nothing was recorded in ${a ? "B" : "A"}: move it to where there is something.`;
  const least = Math.min(a, b);
  return least < FEW_SAMPLES ? ` Only ${count(least)} samples on one side: too few to trust.` : "";
}
