/**
 * The panel "Compare…": pairs worth comparing, as one click each.
 */
import { labelNames, labelValues } from "./ask.js";
import { h } from "./dom.js";
import { choice, closePopup, openPopup } from "./popup.js";
import { formatQuery, filtersOf, serviceOf, withService } from "./query.js";
import { aroundMarker, previousOf } from "./sides.js";
import { clock } from "./time.js";

const SHOWN = 6;

const absolute = (id, r) => ({ [`${id}From`]: String(Math.round(r.from)), [`${id}Until`]: String(Math.round(r.until)) });

function phasePairs(phases, set) {
  return phases.slice(1).map((p, i) => [phases[i], p]).slice(-SHOWN).map(([a, b]) =>
    choice(`${a.name} → ${b.name}`, () => set({ leftFrom: `phase:${a.name}`, leftUntil: "", rightFrom: `phase:${b.name}`, rightUntil: "" })));
}

function flagPairs(flags, now, utc, set) {
  return flags.filter((f) => now - f.at > 2000).slice(-SHOWN).map((f) => choice(`before / after ${f.text || f.kind} (${clock(f.at, { utc })})`, () => {
    const [a, b] = aroundMarker(f.at, now);
    set({ ...absolute("left", a), ...absolute("right", b) });
  }));
}

/** Two values of one label over the same window. */
function labelPair(page, set) {
  const { api } = page.app;
  const { hull, sides } = page.now.sides;
  const { query } = sides[0];
  const pick = (name) => h("select", { "aria-label": name, disabled: true }, h("option", {}, name));
  const [label, a, b] = [pick("label"), pick("A"), pick("B")];
  const go = h("button", { type: "button", class: "primary", disabled: true, on: { click: () => {
    const side = (id, v) => {
      const filters = filtersOf(query).filter((m) => m.name !== label.value);
      const matchers = withService(serviceOf(query), [...filters, { name: label.value, op: "=", value: v }]);
      return { [`${id}Query`]: formatQuery({ ...query, matchers }), ...absolute(id, hull) };
    };
    closePopup();
    set({ ...side("left", a.value), ...side("right", b.value) });
  } } }, "Compare");
  const fill = (select, names) => {
    select.replaceChildren(...names.map((n) => h("option", { value: n }, n)));
    select.disabled = names.length === 0;
  };
  const bare = { ...query, matchers: withService(serviceOf(query), []) };
  const values = async () => {
    const found = await labelValues(api, label.value, bare, hull).catch(() => []);
    fill(a, found);
    fill(b, found);
    b.selectedIndex = Math.min(1, found.length - 1);
    go.disabled = found.length < 2;
  };
  label.addEventListener("change", values);
  labelNames(api, bare, hull).then((names) => {
    fill(label, names);
    if (names.length) values();
  }).catch(() => {});
  return h("div", { class: "label-pair" }, label, a, b, go);
}

/** @param {HTMLElement} button @param {import("./compare.js").Compare} page */
export function openPresets(button, page) {
  if (!page.now.sides) return;
  const { app } = page;
  const set = (patch) => app.store.push({ leftQuery: "", rightQuery: "", ...patch, zoom: "" });
  const { phases, flags } = app.data.now;
  const [, right] = page.sides;
  const pairs = phasePairs(phases, set);
  const markers = flagPairs(flags, app.api.now(), app.store.state.tz === "utc", set);
  openPopup(button, "What to compare", h("div", { class: "column" },
    pairs.length ? [h("h3", {}, "Neighbouring phases"), pairs] : null,
    h("h3", {}, "Time"),
    choice("B with the window before it", () => set({ ...absolute("left", previousOf(right.range)), ...absolute("right", right.range) })),
    choice("last minute with the one before", () => set({ leftFrom: "now-2m", leftUntil: "now-1m", rightFrom: "now-1m", rightUntil: "now" })),
    markers.length ? [h("h3", {}, "Markers"), markers] : null,
    h("h3", {}, "Two values of a label"), labelPair(page, set)));
}
