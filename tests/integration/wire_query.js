// Selectors, proto-JSON, times and labels of queries.
import { call, done, is, ok } from "./client.js";
import { all, ask, cpu, json, now, pprof, push, querier, server, total, url }
  from "./wire.js";

// ---- selectors (2.7) ----------------------------------------------------------------

for (const [selector, want] of [
  ["{}", 31],
  ['{service_name="shop"}', 31],
  ['{ service_name = "shop" , }', 31],
  ["{service_name='shop'}", 31],
  ["{service_name=`shop`}", 31],
  ['{service_name="s\\x68op"}', 31],
  ['{service_name="\\u0073hop"}', 31],
  ['{region="eu"}', 1],
  ['{region=""}', 24],
  ['{region!="eu"}', 30],
  ['{region!=""}', 7],
  ['{region=~"us"}', 2],
  ['{region=~"us.*"}', 6],
  ['{region=~"us|eu"}', 3],
  ['{region=~"us\\\\..*"}', 4],
  ["{region=~`us\\..*`}", 4],
  ['{region=~".*"}', 31],
  ['{region=~".+"}', 7],
  ['{region=~""}', 24],
  ['{region!~"us.*"}', 25],
  ['{region!~".+"}', 24],
  ['{region=~"(?i)EU"}', 1],
  ['{region=~"^eu$"}', 1],
  ['{region="eu",region="us"}', 0],
  ['{region!="eu",region!="us"}', 28],
  ['{"otel.scope.name"="x"}', 1],
  ['{"service_name"="shop"}', 31],
  ['{pod="ümläut"}', 16],
  ['{pod=~"üml.ut"}', 16],
  ['{"process_cpu"}', 31],
  ['{"process_cpu", region="eu"}', 1],
  ['process_cpu{region="eu"}', 1],
  ["process_cpu", 31],
  ["memory", 0],
  ['{__type__="cpu"}', 31],
  ['{__service_name__="shop"}', 31],
  ['{nothing="x"}', 0],
  ["", 400],
  ["{", 400],
  ['{a="b"', 400],
  ["{a=b}", 400],
  ['{a=~"("}', 400],
  ['{a=~"x{2000}"}', 400],
  ['{a"b"}', 400],
  ['{a="b"}x', 400],
  ['{="b"}', 400],
  ['{a="b" c="d"}', 400],
]) is(`selector ${selector}`, await total(selector), want);

// ---- proto-JSON (2.3) -----------------------------------------------------------------

const id = `"profileTypeID":"${cpu}"`;
const range = `"start":${all.start},"end":${all.end}`;
for (const [what, text, want] of [
  ["camel case", `{${id},"labelSelector":"{}",${range}}`, 31],
  ["names of the proto file",
    `{"profile_typeID":"${cpu}","label_selector":"{}",${range}}`, 31],
  ["numbers in strings", `{${id},"labelSelector":"{}","start":"${all.start}",` +
    `"end":"${all.end}"}`, 31],
  ["a number with an exponent",
    `{${id},"labelSelector":"{}","start":1e3,"end":${all.end}}`, 31],
  ["a whole number with a point",
    `{${id},"labelSelector":"{}","start":1.0,"end":${all.end}}`, 31],
  ["null is unset", `{${id},"labelSelector":"{}",${range},"maxNodes":null,` +
    `"stackTraceSelector":null,"spanSelector":null}`, 31],
  ["fields of the future", `{${id},"labelSelector":"{}",${range},"future":` +
    `{"a":[1,{"b":null}]},"another":"x"}`, 31],
  ["an enum of the future", `{${id},"labelSelector":"{}",${range},"format":` +
    `"PROFILE_FORMAT_SANDWICH"}`, 31],
  ["an enum's number of the future",
    `{${id},"labelSelector":"{}",${range},"format":77}`, 31],
  ["an enum as a name",
    `{${id},"labelSelector":"{}",${range},"format":"PROFILE_FORMAT_FLAMEGRAPH"}`,
    31],
  ["part of the future in a part of today", `{${id},"labelSelector":"{}",` +
    `${range},"stackTraceSelector":{"frameFilter":{"a":1}}}`, 31],
  ["a call site in snake case", `{${id},"labelSelector":"{}",${range},` +
    `"stack_trace_selector":{"call_site":[{"name":"main"}]}}`, 31],
  ["words as a time",
    `{${id},"labelSelector":"{}","start":"now-1h","end":1}`, 400],
  ["a fraction of a ms", `{${id},"labelSelector":"{}","start":1.5,"end":9}`,
    400],
  ["a number of 65 bits", `{${id},"labelSelector":"{}",` +
    `"start":18446744073709551616,"end":9}`, 400],
  ["a list for a string", `{${id},"labelSelector":[],${range}}`, 400],
  ["a list at the top", "[]", 400],
  ["two messages", `{${id},"labelSelector":"{}",${range}}{}`, 400],
  ["no JSON", "{", 400],
  ["no UTF-8", Buffer.from(`{${id},"labelSelector":"{a=\\"\xff\\"}",${range}}`,
    "latin1"), 400],
]) {
  const reply = await call(url, `${querier}SelectMergeStacktraces`, json, text);
  const got = JSON.parse(reply.bytes);
  is(`JSON: ${what}`, reply.status === 200 ? Number(got.flamegraph.total)
    : [reply.status, got.code],
    want === 400 ? [400, "invalid_argument"] : want);
}
const whole = (await ask("SelectMergeStacktraces",
  { profileTypeID: cpu, labelSelector: "{}", ...all })).body.flamegraph;
is("64-bit numbers are strings, zeros in a list stay", whole,
  { names: ["total", "main"], total: "31", maxSelf: "31",
    levels: [{ values: ["0", "31", "0", "0"] },
      { values: ["0", "31", "31", "1"] }] });
is("what is empty is left out", (await ask("ProfileTypes",
  { start: 1000, end: 4000 })).text, "{}");

// ---- profiles that do not match are no error (8) ----------------------------------------

const empty = { names: ["total"], levels: [{ values: ["0", "0", "0", "0"] }] };
for (const [what, body] of [
  ["another type", { profileTypeID: "a:b:c:d:e" }],
  ["a type without a period", { profileTypeID: "process_cpu:cpu:nanoseconds::" }],
  ["another time", { start: 1, end: 2 }],
  ["a negative time", { start: -5, end: 2 }],
  ["another service", { labelSelector: '{service_name="no"}' }],
  ["another call site",
    { stackTraceSelector: { callSite: [{ name: "no" }] } }],
]) {
  const { body: got } = await ask("SelectMergeStacktraces",
    { profileTypeID: cpu, labelSelector: "{}", ...all, ...body });
  is(`nothing of ${what}`, got.flamegraph, empty);
}

for (const [what, names, want] of [
  ["of the root", ["main"], "31"],
  ["of none", ["main", "no"], "0"],
]) {
  const { body: got } = await ask("SelectSeries", { profileTypeID: cpu,
    labelSelector: "{}", start: all.end, end: all.end, step: 1e6,
    stackTraceSelector: { callSite: names.map((name) => ({ name })) } });
  const sum = got.series.flatMap((s) => s.points)
    .reduce((a, p) => a + Number(p.value ?? 0), 0);
  is(`totals over time ${what}`, String(sum), want);
}

// Method, body, status, text of the message.
const select = { profileTypeID: cpu, labelSelector: "{}", ...all };
const without = (key) => ({ ...select, [key]: undefined });
for (const [method, body, status, says = ""] of [
  ["ProfileTypes", {}, 200],
  ["ProfileTypes", { start: 0, end: 0 }, 200],
  ["ProfileTypes", { start: 1000, end: 4000 }, 200],
  ["ProfileTypes", { start: 5, end: 4 }, 400,
    "query start time is after end time"],
  ["LabelNames", {}, 200],
  ["LabelNames", { matchers: ["{}"] }, 200],
  ["LabelNames", { matchers: ["{"] }, 400],
  ["LabelValues", { name: "service_name" }, 200],
  ["LabelValues", {}, 400, "name is required"],
  ["LabelValues", { name: "" }, 400, "name is required"],
  ["Series", {}, 200],
  ["Series", { start: 5, end: 4 }, 400, "query start time is after end time"],
  ["SelectMergeStacktraces", { ...without("start"), end: undefined }, 400,
    "missing time range in the query"],
  ["SelectMergeStacktraces", without("end"), 400],
  ["SelectMergeStacktraces", { ...select, start: all.end, end: all.start },
    400, "query start time is after end time"],
  ["SelectMergeStacktraces", without("profileTypeID"), 400],
  ["SelectMergeStacktraces", { ...select, profileTypeID: "cpu" }, 400,
    "profile-type selection must be of the form <name>:<sample-type>:" +
      "<sample-unit>:<period-type>:<period-unit>(:delta), got(1): \"cpu\""],
  ["SelectMergeStacktraces", { ...select, profileTypeID: `${cpu}:delta` }, 200],
  ["SelectMergeStacktraces", without("labelSelector"), 400],
  ["SelectMergeStacktraces", { ...select, maxNodes: 0 }, 200],
  ["SelectMergeStacktraces", { ...select, maxNodes: -1 }, 400,
    "max flamegraph nodes limit must be set (max allowed 1048576)"],
  ["SelectMergeStacktraces", { ...select, maxNodes: 1048577 }, 400,
    "max flamegraph nodes limit 1048577 is greater than allowed 1048576"],
  ["SelectMergeStacktraces", { ...select, profileIdSelector: ["7"] }, 400],
  ["SelectMergeStacktraces", { ...select, spanSelector: ["zz"] }, 400],
  ["SelectMergeStacktraces", { ...select, spanSelector: ["0".repeat(15) + "1"],
    traceIdSelector: ["0".repeat(31) + "1"] }, 400,
    "span_selector and trace_id_selector cannot be combined"],
  ["SelectMergeStacktraces", { ...select, async: { type: 1 } }, 200],
  ["SelectSeries", select, 400, "step must be >= 1ms"],
  ["SelectSeries", { ...select, step: 0.0009 }, 400, "step must be >= 1ms"],
  ["SelectSeries", { ...select, step: "NaN" }, 400],
  ["SelectSeries", { ...select, step: "Infinity" }, 200],
  ["SelectSeries", { ...select, step: -1 }, 400],
  ["SelectSeries", { ...select, step: 15, exemplarType: 3 }, 501],
  ["SelectSeries", { ...select, step: 15, exemplarType: "FUTURE" }, 200],
  ["SelectMergeProfile", without("labelSelector"), 400],
  ["SelectMergeSpanProfile", { ...select, spanSelector: ["xyz"] }, 400],
  ["Diff", { left: select }, 400],
  ["Diff", { left: select, right: { ...select,
    profileTypeID: "memory:a:b:c:d" } }, 200],
  ["SelectHeatmap", { ...select, step: 0, queryType: 1 }, 400],
  ["SelectHeatmap", { ...select, step: 1, limit: -1, queryType: 1 }, 400],
  ["SelectHeatmap", { ...select, start: all.end, step: 1, queryType: 1 }, 400],
  ["GetProfileStats", {}, 200],
  ["AnalyzeQuery", { start: 1, end: 2, query: "x" }, 200],
]) {
  const got = await ask(method, body);
  is(`${method} ${JSON.stringify(body)}: ${status}`, got.status, status);
  if (says)
    ok(`${method}: ${says}`, got.body.message.includes(says), got.text);
}

// ---- totals over time (8.6, traps 12 and 13) -----------------------------------------------

const base = Math.floor(now / 1000) * 1000 - 1800000;
for (const [at, value, zone] of [[0, 1, "a"], [-4999, 2, "a"], [1, 4, "b"],
  [5000, 8, "b"], [-5000, 64, "b"]])
  await push({ __name__: "steps", service_name: "steps", zone },
    pprof([[["main"], {}, value]], { timeMs: base + at }));
const steps = { profileTypeID: "steps:cpu:nanoseconds:cpu:nanoseconds",
  labelSelector: "{}", start: base, end: base + 10000, step: 5 };
const points = (s) => s.points.map((p) =>
  [Number(p.timestamp) - base, p.value]);
let got = (await ask("SelectSeries", steps)).body.series;
is("a bucket is (t - step, t], the first one reaches back", got.map(points),
  [[[0, 3], [5000, 12]]]);
ok("one series without labels has none", !("labels" in got[0]));
got = (await ask("SelectSeries", { ...steps, groupBy: ["zone"] })).body.series;
is("the heaviest series comes first", got.map((s) => s.labels[0].value),
  ["b", "a"]);
got = (await ask("SelectSeries",
  { ...steps, groupBy: ["zone"], limit: "1" })).body.series;
is("the limit keeps the first", got.map((s) => s.labels[0].value), ["b"]);
got = (await ask("SelectSeries",
  { ...steps, groupBy: ["zone", "none"] })).body.series;
is("a label that is not there is left out", got[0].labels,
  [{ name: "zone", value: "b" }]);
got = (await ask("SelectSeries", { ...steps, start: base + 7,
  end: base + 10007 })).body.series;
is("steps begin at the start as it is given", got.map(points),
  [[[7, 5], [5007, 8]]]);
is("nothing found", (await ask("SelectSeries",
  { ...steps, labelSelector: '{a="b"}' })).text, "{}");
is("a range starts with its start and ends before its end", await (async () => {
  const merge = async (start, end) => Number((await ask(
    "SelectMergeStacktraces", { ...steps, start, end })).body.flamegraph.total
    ?? 0);
  return [await merge(base, base + 1), await merge(base - 1, base),
    await merge(base, base + 5001)];
})(), [1, 0, 13]);

// ---- labels (6, 8.2 to 8.4) ------------------------------------------------------------------

const utf8 = { accept: "*/*;allow-utf8-labelnames=true" };
const inShop = { ...all, matchers: ['{service_name="shop"}'] };
is("a label's own name is looked for in Accept alone", [
  (await ask("LabelNames", inShop, { "x-note": utf8.accept })).body.names
    .includes("otel.scope.name"),
  (await ask("LabelNames", inShop, utf8)).body.names
    .includes("otel.scope.name")], [false, true]);
is("UTF-8 names are values like others",
  (await ask("LabelValues", { ...inShop, name: "otel.scope.name" })).body.names,
  ["x"]);
is("sets are projected, each once, empty ones left out",
  (await ask("Series", { ...inShop, labelNames: ["region"] })).body.labelsSet
    .map((s) => s.labels.map((l) => `${l.name}=${l.value}`).join()),
  ["region=eu", "region=us", "region=us.east"]);
is("a type is a value", (await ask("LabelValues",
  { ...inShop, name: "__profile_type__" })).body.names, [cpu]);
await push({ __name__: "process_cpu", service_name: "parts",
  __session_id__: "s1" }, pprof([
  [["main"], { thread: "t1", span_id: "00000000000000aa" }, 1],
  [["main"], { thread: "t2", trace_id: "ab".repeat(16) }, 2],
  [["main"], { thread: "t1", service_name: "other" }, 4],
  [["main", "x"], { number: "" }, 8]]));
const parts = (await ask("Series",
  { ...all, matchers: ['{service_name="parts"}'] })).body.labelsSet
  .map((s) => Object.fromEntries(s.labels.map((l) => [l.name, l.value])));
is("labels of samples make series, those of spans do not",
  parts.map((s) => s.thread ?? "").toSorted(), ["", "t1", "t2"]);
is("no session, span or trace among them", parts.flatMap(Object.keys)
  .filter((n) => /session|span|trace/.test(n)), []);
is("a client's label goes before a sample's", await total(
  '{service_name="parts"}'), 15);

is("the server ends in order", await server.stop(), 0);
done();
