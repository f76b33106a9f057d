// Flame graphs over GET (10, traps 5, 11 and 12).
import { done, is, ok } from "./client.js";
import { cpu, now, pprof, push, send, server } from "./wire.js";

const inst = `${cpu}{service_name="shop"}`;
const memory = "memory:inuse_space:bytes:space:bytes";
await push({ __name__: "memory", service_name: "shop" }, pprof([
  [["main"], {}, 7]], { types: [["inuse_space", "bytes"]],
  period: ["space", "bytes"] }));
const plain = (path, params) => send("GET", `/pyroscope/${path}?` +
  new URLSearchParams(params));
const hour = { query: inst, from: "now-1h", until: "now+5m" };
for (const [what, params, status, says] of [
  ["nothing", {}, 400, '"query" is required'],
  ["no type", { ...hour, query: '{a="b"}' }, 400,
    '"query" must contain a profile-type selection'],
  ["a broken selector", { ...hour, query: `${cpu}{a=` }, 400,
    'failed to parse "query": '],
  ["no braces", { ...hour, query: cpu }, 200],
  ["the type as a label", { ...hour, query: `{__profile_type__="${cpu}"}` },
    200],
  ["a time of 0", { ...hour, from: "0" }, 400],
  ["an end of 0", { ...hour, until: "0" }, 400],
  ["times backwards", { ...hour, from: "now", until: "now-1h" }, 400],
  ["no end", { query: inst, from: "now-1h" }, 200],
  ["seconds", { ...hour, from: `${Math.floor(now / 1000) - 3600}` }, 200],
  ["ms", { ...hour, from: `${now - 3600000}` }, 200],
  ["us", { ...hour, from: `${now - 3600000}000` }, 200],
  ["ns", { ...hour, from: `${now - 3600000}000000` }, 200],
  ["nodes that are no number", { ...hour, "max-nodes": "many" }, 200],
  ["nodes of 0", { ...hour, maxNodes: "0" }, 200],
  ["too many nodes", { ...hour, maxNodes: "1048577" }, 400],
  ["another aggregation", { ...hour, aggregation: "median" }, 200],
  ["collapsed, which is not of this path", { ...hour, format: "collapsed" },
    200],
  ["html, neither", { ...hour, format: "html" }, 200],
  ["pprof, neither", { ...hour, format: "pprof" }, 200],
]) {
  const reply = await plain("render", params);
  const doc = JSON.parse(reply.bytes);
  is(`render, ${what}: ${status}`, reply.status, status);
  if (says)
    ok(`render, ${what}: says so`, doc.message.includes(says), doc.message);
  if (status === 200)
    ok(`render, ${what}: its graph`, doc.flamebearer.numTicks >= 31,
      reply.bytes);
}
let doc = JSON.parse((await plain("render", hour)).bytes);
is("render: numbers are numbers, what is empty is null", {
  ...doc, timeline: doc.timeline.watermarks }, { version: 1, flamebearer: {
  names: ["total", "main"], levels: [[0, 31, 0, 0], [0, 31, 31, 1]],
  numTicks: 31, maxSelf: 31 }, metadata: { format: "single", spyName: "",
  sampleRate: 1000000000, units: "samples", name: "cpu" }, timeline: null,
  groups: null, heatmap: null });
ok("render: the timeline's start is floored, SelectSeries' is not",
  doc.timeline.startTime % doc.timeline.durationDelta === 0);
is("render: its timeline adds up",
  doc.timeline.samples.reduce((a, b) => a + b), 31);
doc = JSON.parse((await plain("render", { ...hour, groupBy: "region" })).bytes);
is("render: groups, * for those without the label",
  Object.entries(doc.groups).map(([k, t]) =>
    `${k}=${t.samples.reduce((a, b) => a + b)}`).toSorted(),
  ["*=24", "eu=1", "us.east=4", "us=2"]);
is("render: no timeline of several groups",
  doc.timeline.samples.filter((v) => v), []);
doc = JSON.parse((await plain("render", { ...hour, "max-nodes": "1",
  maxNodes: "5" })).bytes);
is("render: maxNodes goes before max-nodes", doc.flamebearer.names.length, 2);
doc = JSON.parse((await plain("render", { ...hour,
  query: `${memory}{}` })).bytes);
is("render: units", [doc.metadata.units, doc.metadata.sampleRate,
  doc.metadata.name], ["bytes", 100, "inuse_space"]);
for (const [what, query, want] of [
  ["a graph", inst, /^digraph "unnamed" \{[^]*main[^]*\}\n$/],
  ["of nothing", `${cpu}{service_name="no"}`, /^$/]]) {
  const reply = await plain("render", { ...hour, query, format: "dot" });
  ok(`render as dot, ${what}`, reply.status === 200 &&
    reply.headers["content-type"].startsWith("text/plain") &&
    want.test(reply.bytes.toString()), reply.bytes);
}
const both = { leftQuery: inst, leftFrom: "now-1h", leftUntil: "now+5m",
  rightQuery: inst, rightFrom: "now-1h", rightUntil: "now+5m" };
for (const [what, params, status, says = ""] of [
  ["a comparison", both, 200],
  ["of two types", { ...both, rightQuery: `${memory}{}` }, 400,
    "profile types must match"],
  ["without a right side", { ...both, rightQuery: "" }, 400,
    '"rightQuery" is required'],
  ["with a side from 0", { ...both, leftFrom: "0" }, 400]]) {
  const reply = await plain("render-diff", params);
  is(`render-diff, ${what}: ${status}`, reply.status, status);
  ok(`render-diff, ${what}: says so`,
    (JSON.parse(reply.bytes).message ?? "").includes(says), reply.bytes);
}
doc = JSON.parse((await plain("render-diff", { ...both,
  rightQuery: `${cpu}{service_name="no"}` })).bytes);
is("render-diff: ticks of 0 are left out, what is empty is null",
  [doc.metadata.format, doc.leftTicks, "rightTicks" in doc, doc.timeline,
    doc.groups, doc.heatmap], ["double", 31, false, null, null, null]);
for (const [label, status, want] of [
  ["__name__", 200, [cpu]], ["service_name", 200, ["shop"]], ["", 400, []]]) {
  const reply = await plain("label-values", { label });
  const values = status === 200 ? JSON.parse(reply.bytes) : [];
  is(`label-values of "${label}"`, [reply.status,
    want.every((v) => values.includes(v))], [status, true]);
}

is("the server ends in order", await server.stop(), 0);
done();
