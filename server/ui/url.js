/**
 * The address is the only application state: this table says which
 * parameters there are, and turns an address into a state and back. What is
 * unknown is kept, so that links of other versions survive. Pure.
 */

const text = (fallback, limit = 4096) => ({
  fallback,
  read: (s) => s.slice(0, limit),
});
const word = (fallback, ...others) => ({
  fallback,
  read: (s) => (others.includes(s) ? s : fallback),
});
const whole = (fallback, low, high) => ({
  fallback,
  read: (s) => (/^\d{1,9}$/.test(s) ? Math.min(high, Math.max(low, Number(s))) : fallback),
});

/** name -> how it is read; left out of the address when it is the fallback. */
const PARAMS = {
  query: text(""),
  from: text("now-5m", 64),
  until: text("now", 64),
  sel: text("", 128),
  leftQuery: text(""),
  leftFrom: text("", 64),
  leftUntil: text("", 64),
  rightQuery: text(""),
  rightFrom: text("", 64),
  rightUntil: text("", 64),
  groupBy: text("", 128),
  view: word("both", "graph", "table", "tree", "sandwich"),
  zoom: text("", 65536),
  fn: text("", 65536),
  q: text("", 1024),
  qm: word("mark", "filter"),
  color: word("module", "self", "kind"),
  o: word("icicle", "flame"),
  sort: word("weight", "name"),
  by: word("-self", "self", "-total", "total", "name", "-name"),
  live: whole(0, 0, 3600),
  maxNodes: whole(16384, 1, 1048576),
  tz: word("local", "utc"),
  fold: text("", 65536),
  dm: word("", "absolute", "share", "request"),
  dw: word("larger", "a", "b"),
  sure: word("grey", "all"),
  dc: word("blue", "classic"),
  scale: word("own", "common"),
  ex: text("", 16),
  markers: word("shown", "all"),
};

/** Paths of pages and the names the code knows them by; of two paths the first is written. */
const PAGES = {
  "/": "explore", "/comparison": "comparison", "/comparison-diff": "diff", "/diff": "diff",
  "/explore": "tags", "/tags": "tags", "/adhoc": "adhoc", "/adhoc-single": "adhoc", "/workshop": "workshop", "/docs": "docs", "/status": "status",
};

const EXERCISE = /^\/workshop\/([\w.]{1,16})$/;
const SNAPSHOT = /^\/s\/([\w.-]{1,140})$/;

/** @typedef {Record<string, string|number> & {page: string, shot: string, rest: [string, string][]}} State */

/** @param {string} path @param {string} search with or without "?" @returns {State} */
export function parseUrl(path, search) {
  const [, shot = ""] = SNAPSHOT.exec(path) ?? [];
  const [, exercise = ""] = EXERCISE.exec(path) ?? [];
  const state = { page: shot ? "snapshot" : exercise ? "workshop" : PAGES[path] ?? "explore", shot, rest: [] };
  for (const name in PARAMS) state[name] = PARAMS[name].fallback;
  if (exercise) state.ex = exercise;
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(PARAMS, name)) state[name] = PARAMS[name].read(value);
    else state.rest.push([name, value]);
  }
  return state;
}

/** Percent-encoding that leaves what a person wants to read. */
function encode(value) {
  return encodeURIComponent(value).replace(/%(?:3A|2C|2F|3D|7B|7D)/g, decodeURIComponent);
}

/** @param {string} page */
export function pathOf(page) {
  return Object.keys(PAGES).find((p) => PAGES[p] === page) ?? "/";
}

/** @param {State} state @returns {string} path with search */
export function formatUrl(state) {
  const path = state.page === "snapshot" ? `/s/${state.shot}` : pathOf(state.page);
  const pairs = Object.keys(PARAMS)
    .filter((name) => state[name] !== PARAMS[name].fallback)
    .map((name) => [name, String(state[name])]);
  const search = [...pairs, ...state.rest]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  return search ? `${path}?${search}` : path;
}

/** Names of all parameters, for the help page and the tests. */
export const PARAM_NAMES = Object.keys(PARAMS);
