/**
 * Why is it empty? Asks the server the few questions that tell: when was the
 * newest data, which filter matches nothing, does another type have data.
 */
import { labelValues } from "./ask.js";
import { filtersOf, formatMatcher, serviceOf, withService } from "./query.js";

const WEEK_MS = 7 * 86400e3;
const HOUR_S = 3600;

/**
 * @typedef {object} Diagnosis
 * @property {{t: number, v: number}[]} known where data lies in the last week
 * @property {{matcher: string, rest: object[], values: string[]}|null} culprit
 */

async function culpritOf(api, query, range) {
  const filters = filtersOf(query);
  for (const [i, m] of filters.entries()) {
    const rest = filters.filter((_, k) => k !== i);
    const without = { ...query, matchers: withService(serviceOf(query), rest) };
    const values = await labelValues(api, m.name, without, range);
    const known = values.includes(m.value);
    if ((m.op === "=" && !known) || filters.length === 1) {
      return { matcher: formatMatcher(m), name: m.name, rest, values: values.slice(0, 8) };
    }
  }
  return null;
}

/** The newest moment with data, to within `step` seconds. */
async function lastData(api, query, until, step, span) {
  const points = await api.series(query, { from: until - span, until }, step);
  return points.filter((p) => p.v > 0);
}

/**
 * @param {import("./api.js").Api} api
 * @param {import("./query.js").Query} query
 * @param {import("./time.js").Range} range
 * @returns {Promise<Diagnosis>}
 */
export async function diagnose(api, query, range) {
  const bare = { ...query, matchers: withService(serviceOf(query), []) };
  const until = api.now();
  let known = await lastData(api, bare, until, HOUR_S, WEEK_MS);
  if (known.length && until - known.at(-1).t < 2 * HOUR_S * 1000) {
    known = await lastData(api, bare, until, 60, 3 * HOUR_S * 1000);
  }
  const inRange = known.some((p) => p.t > range.from && p.t <= range.until + 60e3);
  const culprit = inRange && filtersOf(query).length ? await culpritOf(api, query, range) : null;
  return { known, culprit };
}
