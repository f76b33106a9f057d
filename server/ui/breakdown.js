/**
 * Which values of a label make up one function, in the details panel: the
 * same range again for each of the label's largest values.
 */
import { labelNames, seriesBy, usualLabel } from "./ask.js";
import { h } from "./dom.js";
import { decode } from "./flamebearer.js";
import { plural, share, shown, value } from "./format.js";
import { totalOutermost } from "./layout.js";
import { filtersOf, formatQuery, serviceOf, withService } from "./query.js";
import { chooseStep } from "./time.js";

const NODES = 4096;
/** Values of a label that the server is asked for. */
const ASKED = 12;
const SHOWN = 5;

/** With one more condition, or with it alone for its label. */
function narrowed(query, label, of, alone) {
  const others = filtersOf(query).filter((m) => !alone || m.name !== label);
  return { ...query, matchers: withService(serviceOf(query), [...others, { name: label, op: "=", value: of }]) };
}

/** The label's values, the largest first. */
async function largest(api, { query, range }, label) {
  const whole = { from: Math.round(range.from), until: Math.round(range.until) };
  const rows = await seriesBy(api, query, label, whole, chooseStep(range));
  const sum = ({ points }) => points.reduce((n, p) => n + p.v, 0);
  return rows.filter((r) => r.value).map((r) => ({ of: r.value, total: sum(r) })).sort((a, b) => b.total - a.total).map((r) => r.of);
}

/** [value, what the function used under it], the most first; null when something newer was asked. */
async function valuesOf(api, { query, range }, label, name, stale) {
  const out = [];
  for (const of of (await largest(api, { query, range }, label)).slice(0, ASKED)) {
    const profile = decode((await api.render(narrowed(query, label, of), range, NODES, "labels")).flamebearer);
    if (stale()) return null;
    out.push([of, totalOutermost(profile, name)]);
  }
  return out.filter(([, v]) => v > 0).sort((a, b) => b[1] - a[1]);
}

/**
 * The column of the panel.
 * @param {object} app @param {object} view what Explore shows @param {(patch: object) => void} set @param {() => boolean} stale
 * @returns {Promise<(Node|null)[]|null>}
 */
export async function breakdown({ api }, { data, state, type }, set, stale) {
  const what = { query: data.shownQuery, range: data.shownRange };
  const names = await labelNames(api, what.query, what.range);
  const label = usualLabel(state.groupBy, names);
  if (!label) return [h("h3", {}, "By label"), h("p", {}, "no label but the service's name arrived")];
  const found = await valuesOf(api, what, label, state.fn, stale);
  if (!found) return null;
  const whole = Math.max(totalOutermost(data.profile, state.fn), found.reduce((sum, [, v]) => sum + v, 0));
  const words = (v) => ` ${value(v, type.unit)} · ${share(v / whole)}`;
  const rows = found.slice(0, SHOWN);
  const rest = rows.reduce((left, [, v]) => left - v, whole);
  const pick = h("select", { "aria-label": "Label", on: { change: () => set({ groupBy: pick.value }) } },
    [...new Set([label, ...names])].map((n) => h("option", { value: n, selected: n === label }, n)));
  return [h("h3", {}, "By ", pick),
    ...rows.map(([of, v]) => h("button", { type: "button", class: "link", title: `Show only ${label}=${of}`,
      on: { click: () => set({ query: formatQuery(narrowed(what.query, label, of, true)) }) } }, h("bdi", {}, shown(of, 60)), h("small", {}, words(v)))),
    rest > whole / 1000 ? h("small", {}, rows.length ? `others or none:${words(rest)}` : `none of it carries ${label}`) : null,
    found.length > SHOWN ? h("small", {}, `and ${plural(found.length - SHOWN, "smaller value")}`) : null];
}
