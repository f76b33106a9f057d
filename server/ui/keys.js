/**
 * What keys do on the Explore page. Single keys act only while nobody types
 * into a field; the help page prints this table.
 */
import { copy, say } from "./clip.js";
import { isTyping } from "./dom.js";
import { foldToggled } from "./fold.js";
import { focusFrame } from "./graph_keys.js";
import { nameOf, parentOf } from "./layout.js";
import { offeredTypes } from "./strings.js";
import { closePopup } from "./popup.js";
import { formatQuery, serviceOf } from "./query.js";
import { shifted, widened } from "./time.js";

const VIEWS = ["graph", "both", "table", "tree", "sandwich"];
const GO_MS = 1500;

const absolute = (r) => ({ from: String(Math.round(r.from)), until: String(Math.round(r.until)), sel: "", live: 0 });

function chooseType(app, label) {
  const { picker } = app.explore ?? app.other;
  if (!picker?.built) return;
  const { query, data } = picker.props;
  const found = offeredTypes(data.catalog?.get(serviceOf(query)) ?? []).find((t) => t.label === label);
  if (found) picker.emit("fk-set", { query: formatQuery({ ...query, type: found.id }) });
}

/** One step out: search, then zoom, then details, then selection. */
function stepOut(app) {
  const { state } = app.store;
  const { shown } = app.explore;
  const labels = document.querySelector(".anatomy button");
  labels?.click();
  if (labels || closePopup()) return;
  if (state.zoom && shown) app.explore.zoomTo(parentOf(shown.profile, shown.zoom) ?? { level: 0, index: 0 });
  else if (state.q) app.store.push({ q: "" });
  else if (state.fn) app.store.push({ fn: "" });
  else if (state.sel) app.store.push({ sel: "" });
}

function shiftTime(app, part) {
  const { range } = app.data.now;
  if (range) app.store.push(absolute(shifted(range, part)));
}

function details(app) {
  const { shown } = app.explore;
  if (shown) app.store.push({ fn: nameOf(shown.profile, app.explore.focus) });
}

/** Matching frames in reading order. */
function matches(shown) {
  const out = [];
  shown.profile.levels.forEach((level, l) => level.name.forEach((n, i) => {
    if (shown.marked[n]) out.push({ level: l, index: i });
  }));
  return out;
}

/** Moves the focus to the next match. @param {object} app @param {number} step */
export function stepMatch(app, step) {
  const { shown, graph, focus } = app.explore ?? {};
  if (!shown?.marked) return;
  const all = matches(shown);
  if (!all.length) return;
  const after = all.findIndex((n) => n.level > focus.level || (n.level === focus.level && n.index > focus.index));
  const same = all.findIndex((n) => n.level === focus.level && n.index === focus.index);
  const at = same >= 0 ? same + step : step > 0 ? (after < 0 ? 0 : after) : (after < 0 ? all.length : after) - 1;
  const next = all[(at + all.length) % all.length];
  const { x0, x1 } = graph.view ?? { x0: -Infinity, x1: Infinity };
  const start = shown.profile.levels[next.level].start[next.index];
  if (start < x0 || start >= x1) app.store.push({ zoom: "" });
  focusFrame(graph, next);
}

async function copyLink(app) {
  if (!app.explore.shown) return;
  const { exploreEntries } = await import("./export.js");
  copy(exploreEntries(app.explore.shown).entries[0].copy(), "the link");
}

const PAGE_KEYS = { e: "explore", c: "comparison", d: "diff", t: "tags", a: "adhoc", w: "workshop", s: "status", h: "docs" };

/** What the selection is becomes side A or B; the page says so and stays. */
function setSide(app, id) {
  const { sel, from, until } = app.store.state;
  const range = app.data.now.sel ?? app.data.now.range;
  if (!range || !app.explore) return;
  const exact = { from: String(Math.round(range.from)), until: String(Math.round(range.until)) };
  const at = sel.startsWith("phase:") ? { from: sel, until: "" } : exact;
  app.store.push({ [`${id}From`]: at.from, [`${id}Until`]: at.until, [`${id}Query`]: app.store.state.query });
  say(`This range is side ${id === "left" ? "A" : "B"} now; d shows the difference. (${sel || `${from} to ${until}`})`);
}

/** The function that the keys, the pointer or the details are at. */
function currentName(app) {
  const { shown } = app.explore ?? {};
  return shown ? nameOf(shown.profile, app.explore.focus) : "";
}

/** Keys of every page. key -> [words for the help page, what it does] */
export const PAGE_KEY = { g: ["then a letter: go to Explore e, Comparison c, Diff d, Tags t, Ad hoc a, Workshop w, Status s, Docs h", (app) => (app.goKey = Date.now())] };

/** key -> [words for the help page, what it does] */
export const KEYS = {
  "/": ["search (also Ctrl+F)", (app) => app.explore.tools.input?.focus()],
  n: ["next match", (app) => stepMatch(app, 1)],
  N: ["previous match", (app) => stepMatch(app, -1)],
  Escape: ["one step out: panel, zoom, search, details, selection", stepOut],
  Backspace: ["the same", stepOut],
  0: ["whole graph", (app) => app.store.push({ zoom: "" })],
  1: ["graph", (app) => app.store.push({ view: VIEWS[0] })],
  2: ["graph and table", (app) => app.store.push({ view: VIEWS[1] })],
  3: ["table", (app) => app.store.push({ view: VIEWS[2] })],
  4: ["tree, the graph as text", (app) => app.store.push({ view: VIEWS[3] })],
  5: ["sandwich: all callers and callees of a function", (app) => app.store.push({ view: VIEWS[4] })],
  s: ["sandwich of the focused function", (app) => app.store.push({ view: "sandwich", fn: currentName(app) || app.store.state.fn })],
  f: ["focus: zoom to the focused frame", (app) => app.explore.shown && app.explore.zoomTo(app.explore.focus)],
  r: ["fold recursion", (app) => app.store.push({ fold: foldToggled(app.store.state.fold, "recursion") })],
  i: ["roots on top or at the bottom", (app) => app.store.push({ o: app.store.state.o === "flame" ? "icicle" : "flame" })],
  e: ["explain the focused function", details],
  a: ["this selection is side A", (app) => setSide(app, "left")],
  b: ["this selection is side B", (app) => setSide(app, "right")],
  d: ["difference of A and B", (app) => app.go("diff")],
  c: ["CPU profile", (app) => chooseType(app, "CPU")],
  w: ["wall-clock profile", (app) => chooseType(app, "Wall")],
  l: ["live on and off, back to now", (app) => app.toggleLive()],
  t: ["time range", (app) => app.explore.picker.when?.click()],
  _: ["a range twice as long", (app) => app.data.now.range && app.store.push(absolute(widened(app.data.now.range, 2, app.api.now())))],
  "Shift+ArrowLeft": ["half a range earlier", (app) => shiftTime(app, -0.5)],
  "Shift+ArrowRight": ["half a range later", (app) => shiftTime(app, 0.5)],
  "[": ["previous phase", (app) => app.explore.timeline.stepPhase?.(-1)],
  "]": ["next phase", (app) => app.explore.timeline.stepPhase?.(1)],
  y: ["copy a link to exactly this", copyLink],
  "?": ["this help", async () => (await import("./help.js")).showHelp()],
};

/** Keys of the focused flame graph; it handles them itself. */
export const GRAPH_KEYS = [
  ["← →", "frame to the left, to the right"], ["↑ ↓", "caller, heaviest callee"],
  ["Enter", "zoom in; again: whole graph"], ["+ −", "zoom in on the frame, one frame out"],
  ["Space", "details of the frame's function"], ["m", "menu of the frame"],
];

/** Keys of the pages that compare. */
export const COMPARE_KEYS = {
  x: ["swap the sides", (app) => app.other?.swap?.()],
  c: KEYS.c, w: KEYS.w,
  "/": ["search", (app) => app.main.querySelector("input.search")?.focus()],
  0: ["whole graph", (app) => app.store.push({ zoom: "" })],
  Escape: ["one step out", (app) => app.store.push(app.store.state.zoom ? { zoom: "" } : app.store.state.q ? { q: "" } : { fn: "" })],
};

function keyName(e, searchKey) {
  if (searchKey) return "/";
  if (e.shiftKey && e.key.startsWith("Arrow")) return `Shift+${e.key}`;
  return e.key.length === 1 && e.key !== "N" ? e.key.toLowerCase() : e.key;
}

/** @param {object} app @param {KeyboardEvent} e @param {boolean} searchKey */
export function handleKey(app, e, searchKey) {
  if (isTyping(e.target) || document.querySelector("dialog[open]")) return;
  if (!searchKey && (e.ctrlKey || e.metaKey || e.altKey)) return;
  const name = keyName(e, searchKey);
  if (Date.now() - (app.goKey ?? 0) < GO_MS && PAGE_KEYS[name]) {
    app.goKey = 0;
    e.preventDefault();
    app.go(PAGE_KEYS[name]);
    return;
  }
  const keys = { ...PAGE_KEY, "?": KEYS["?"], ...(app.explore ? KEYS : COMPARE_KEYS) };
  if (!Object.hasOwn(keys, name)) return;
  e.preventDefault();
  keys[name][1](app);
}
