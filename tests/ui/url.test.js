/** The address: every parameter survives, junk does not break it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUrl, PARAM_NAMES, parseUrl } from "../../server/ui/url.js";

/** A value other than the default for each parameter. */
const OTHER = {
  query: 'process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="a b",endpoint=~"/x|/y+z&q=1"}',
  from: "phase:un cached", until: "1700000000000", sel: "1700000000000-1700000060000", view: "tree",
  zoom: "k3x.9af.1b", fn: "std::vector<int>::push_back(int&&)", q: "/prime|hash/", qm: "filter",
  leftQuery: "x{a=\"b\"}", leftFrom: "phase:cached", leftUntil: "now-1m", rightQuery: "y{}", rightFrom: "1700000000000", rightUntil: "now",
  groupBy: "endpoint", fold: "recursion,libs", dm: "share", dw: "a", sure: "all", dc: "classic", scale: "common", ex: "07.1", markers: "all",
  color: "self", o: "flame", sort: "name", by: "-total", live: 5, maxNodes: 65536, tz: "utc",
};

test("each parameter has a row in this test", () => {
  assert.deepEqual(Object.keys(OTHER).sort(), [...PARAM_NAMES].sort());
});

for (const name of PARAM_NAMES) {
  test(`${name} survives a round trip`, () => {
    const url = formatUrl({ ...parseUrl("/", ""), [name]: OTHER[name] });
    const [path, search] = url.split("?");
    assert.equal(parseUrl(path, search)[name], OTHER[name], url);
  });
}

test("all parameters together survive a round trip", () => {
  const state = { ...parseUrl("/", ""), ...OTHER };
  assert.deepEqual(parseUrl("/", formatUrl(state).slice(1)), state);
});

test("defaults leave the address bare", () => {
  assert.equal(formatUrl(parseUrl("/", "")), "/");
  assert.equal(formatUrl(parseUrl("/", "?view=both&from=now-5m&live=0")), "/");
});

test("unknown parameters are kept, in order", () => {
  const state = parseUrl("/", "?spanX=x%7B%7D&view=table&other=now-1h&a=%26");
  assert.equal(formatUrl(state), "/?view=table&spanX=x{}&other=now-1h&a=%26");
});

const JUNK = [
  ["?view=nonsense", "view", "both"], ["?live=abc", "live", 0], ["?live=999999", "live", 3600],
  ["?maxNodes=-3", "maxNodes", 16384], ["?maxNodes=999999999", "maxNodes", 1048576], ["?o=upside", "o", "icicle"],
  [`?q=${"x".repeat(5000)}`, "q", "x".repeat(1024)], ["?query=%E0%A4%A", "query", "\ufffd%A"], ["?__proto__=1", "view", "both"],
];
for (const [search, name, want] of JUNK) {
  test(`junk: ${search.slice(0, 30)}`, () => assert.equal(parseUrl("/", search)[name], want));
}

test("pages have their own paths", () => {
  assert.equal(parseUrl("/status", "").page, "status");
  assert.equal(formatUrl(parseUrl("/status", "")), "/status");
  assert.equal(parseUrl("/diff", "").page, "diff");
  assert.equal(formatUrl(parseUrl("/diff", "?dm=share")), "/comparison-diff?dm=share");
  assert.equal(parseUrl("/no-such-page", "").page, "explore");
});

test("an exercise has an address of its own", () => {
  const state = parseUrl("/workshop/07.2f", "");
  assert.equal(state.page, "workshop");
  assert.equal(state.ex, "07.2f");
  assert.equal(formatUrl(state), "/workshop?ex=07.2f");
  assert.equal(parseUrl("/workshop/../x", "").ex, "");
});
