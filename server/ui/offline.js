/**
 * The page inside of an exported file: graph, table and search over one
 * profile that lies in the file. Its state is not in the address.
 */
import { give, h } from "./dom.js";
import { byWeight, decode, functions } from "./flamebearer.js";
import { plural, value } from "./format.js";
import { findPath, nameOf, pathText } from "./layout.js";
import { compile, mark } from "./search.js";
import { typeInfo } from "./strings.js";
import { clock } from "./time.js";
import "./crumbs.js";
import "./flamegraph.js";
import "./graph_keys.js";
import "./table.js";
import "./tip.js";

const { about, doc } = JSON.parse(document.getElementById("profile").textContent);
const profile = byWeight(decode(doc.flamebearer));
const rows = functions(profile);
const type = typeInfo(about.type);
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const look = { mode: "module", dark };
let state = { view: "both", zoom: "", fn: "", q: "", qm: "mark", by: "-self", color: "module" };

const [graph, crumbs, legend, table, tip] = ["flamegraph", "crumbs", "legend", "table", "tip"].map((name) => h(`fk-${name}`));
const search = h("input", { type: "search", class: "search", placeholder: "Search functions", "aria-label": "Search functions", on: { input: () => set({ q: search.value }) } });
const when = about.range ? `, ${clock(about.range.from, { day: true })} – ${clock(about.range.until)}` : "";
const counted = about.samples > 0 ? ` from ${plural(about.samples, "sample")}` : "";
document.querySelector("main").append(h("div", { class: "panel" },
  h("h2", {}, about.title), h("p", {}, `${value(profile.total, type.unit)} ${type.of}${counted}${when}`),
  h("div", {}, h("span", { class: "search-box" }, search)),
  h("div", { class: "stage", "data-view": "both" },
    h("section", { class: "card graph-card" }, crumbs, graph, legend), h("section", { class: "card table-card" }, table))), tip);

function set(patch) {
  state = { ...state, ...patch };
  const needle = compile(state.q);
  const marked = needle && mark(profile.names, needle.test);
  const { node: zoom } = findPath(profile, state.zoom);
  const shown = { profile, rows, zoom, marked, state, type, dark, samples: about.samples };
  give(graph, { profile, zoom, marked, fn: state.fn, look, flame: false });
  for (const part of [crumbs, legend, table, tip]) give(part, shown);
}

addEventListener("fk-set", (e) => set(e.detail));
addEventListener("fk-zoom", (e) => set({ zoom: pathText(profile, e.detail.node) }));
addEventListener("fk-pin", (e) => set({ fn: nameOf(profile, e.detail.node) }));
addEventListener("fk-hover", (e) => give(tip, { hover: e.detail }));
addEventListener("fk-row", (e) => give(graph, { fn: e.detail || state.fn }));
set({});
