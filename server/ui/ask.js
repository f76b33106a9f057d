/**
 * Questions to the server that the first picture does not need: label names
 * and values, and a series for each value of a label.
 */
import { pointsOf, QUERIER } from "./api.js";
import { formatSelector } from "./query.js";

/** @typedef {import("./api.js").Api} Api */
/** @typedef {import("./query.js").Query} Query */
/** @typedef {import("./time.js").Range} Range */

/** @param {Api} api @param {Query} query @param {Range} range @returns {Promise<string[]>} */
export async function labelNames(api, query, range) {
  const answer = await api.post("names", `${QUERIER}LabelNames`, {
    matchers: [formatSelector(query.matchers)], start: range.from, end: range.until,
  });
  return (answer.names ?? []).filter((n) => !n.startsWith("__") && n !== "service_name");
}

/** @param {Api} api @param {string} name @param {Query} query @param {Range} range @returns {Promise<string[]>} */
export async function labelValues(api, name, query, range) {
  const others = query.matchers.filter((m) => m.name !== name);
  const answer = await api.post("values", `${QUERIER}LabelValues`, {
    name, matchers: [formatSelector(others)], start: range.from, end: range.until,
  });
  return answer.names ?? [];
}

/** One series for each value of a label. @param {Api} api @param {Query} query @param {string} label @param {Range} range @param {number} step seconds @returns {Promise<{value: string, points: {t: number, v: number}[]}[]>} */
export async function seriesBy(api, query, label, range, step) {
  const answer = await api.post("by", `${QUERIER}SelectSeries`, { profileTypeID: query.type,
    labelSelector: formatSelector(query.matchers), groupBy: [label], start: range.from, end: range.until, step });
  return (answer.series ?? []).map((one) => ({ value: one.labels?.[0]?.value ?? "", points: pointsOf(one) }));
}

const USUAL = ["endpoint", "region", "version", "host", "thread"];

/** The label to look at when none was chosen. @param {string} chosen @param {string[]} names */
export const usualLabel = (chosen, names) => chosen || USUAL.find((n) => names.includes(n)) || names[0] || "";
