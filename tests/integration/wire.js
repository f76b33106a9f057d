// What clients rely on beyond a good answer: conventions of HTTP, Connect and
// proto-JSON, times and selectors, limits with Pyroscope's texts, and traps
// that a server falls into. One table a subject.
import { gunzipSync } from "node:zlib";
import { request } from "node:http";
import { call, decode, done, encode, is, ok, startServer } from "./client.js";

const server = await startServer("--engine",
  process.env.FLAMEKIT_ENGINE || "sqlite");
const { url } = server;
const json = "application/json";
const proto = "application/proto";
const querier = "/querier.v1.QuerierService/";
const now = Date.now();
const all = { start: now - 3600000, end: now + 600000 };

// Status, headers and text of anything, with lists of headers as they are.
function send(method, path, headers = {}, body = undefined) {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method, headers }, (reply) => {
      const parts = [];
      reply.on("data", (part) => parts.push(part));
      reply.on("end", () => resolve({ status: reply.statusCode,
        headers: reply.headers, bytes: Buffer.concat(parts) }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function ask(method, body, headers) {
  const reply = await call(url, querier + method, json,
    typeof body === "string" ? body : JSON.stringify(body), headers);
  return { status: reply.status, text: reply.bytes.toString(),
    body: JSON.parse(reply.bytes) };
}

// ---- profiles to ask for ----------------------------------------------------------

// lines: [stack root first, { label: value }, value]; of one sample type.
function pprof(lines, { types = [["cpu", "nanoseconds"]], timeMs = now - 60000,
  period = ["cpu", "nanoseconds"] } = {}) {
  const strings = [""];
  const string = (s) => {
    if (!strings.includes(s)) strings.push(s);
    return strings.indexOf(s);
  };
  const frames = [...new Set(lines.flatMap(([stack]) => stack))];
  const fields = [
    ...types.map((t) => [1, [[1, string(t[0])], [2, string(t[1])]]]),
    ...lines.map(([stack, labels, ...values]) => [2, [
      ...stack.toReversed().map((f) => [1, frames.indexOf(f) + 1]),
      ...values.map((v) => [2, v]),
      ...Object.entries(labels).map(([k, v]) =>
        [3, [[1, string(k)], [2, string(v)]]])]]),
    ...frames.flatMap((f, i) => [
      [4, [[1, i + 1], [4, [[1, i + 1]]]]],
      [5, [[1, i + 1], [2, string(f)]]]]),
    [9, BigInt(timeMs) * 1000000n],
    [11, [[1, string(period[0])], [2, string(period[1])]]],
  ];
  return encode([...fields, ...strings.map((s) => [6, s])]);
}

function push(labels, profile, id) {
  const pairs = Array.isArray(labels) ? labels : Object.entries(labels);
  return call(url, "/push.v1.PusherService/Push", json, JSON.stringify({
    series: [{ labels: pairs.map(([name, value]) => ({ name, value })),
      samples: [{ ID: id, rawProfile: profile.toString("base64") }] }] }));
}

const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const shop = (more) => ({ __name__: "process_cpu", service_name: "shop",
  ...more });
for (const [labels, value] of [
  [{ region: "eu", "otel.scope.name": "x" }, 1], [{ region: "us" }, 2],
  [{ region: "us.east" }, 4], [{}, 8], [{ pod: "ümläut" }, 16]])
  is(`pushed ${value}`, (await push(shop(labels),
    pprof([[["main"], {}, value]]))).status, 200);

async function total(selector, extra) {
  const { status, body } = await ask("SelectMergeStacktraces", {
    profileTypeID: cpu, labelSelector: selector, ...all, ...extra });
  return status === 200 ? Number(body.flamegraph.total ?? 0) : status;
}

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

// ---- what Push refuses (14), and its words ------------------------------------------------------

const one = pprof([[["main"], {}, 1]]);
const named = { __name__: "process_cpu" };
const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) =>
  [`l${i}`, "v"]));
for (const [what, labels, profile, status, says] of [
  ["a name of 1025 bytes", { ...named, ["n".repeat(1025)]: "v" }, one, 400,
    "has label name too long: 'n"],
  ["a name of 1024 bytes", { ...named, ["n".repeat(1024)]: "v" }, one, 200],
  ["a value of 2049 bytes", { ...named, a: "v".repeat(2049) }, one, 400,
    "has label value too long: 'v"],
  ["a metric of 2049 bytes", { __name__: "m".repeat(2049) }, one, 400,
    "too long: 'm"],
  ["31 labels", { ...named, ...many }, one, 400, "has 31 label names; limit 30"],
  ["no labels", {}, one, 400, "error at least one label pair is required per profile"],
  ["an empty name", { ...named, "": "v" }, one, 400,
    "with error: invalid label name ''"],
  ["no metric", { a: "b" }, one, 400, "with error: invalid metric name"],
  ["an empty metric", { __name__: "" }, one, 400,
    "with error: invalid metric name"],
  ["a name twice", [["__name__", "x"], ["a", "1"], ["a", "2"]], one, 400,
    "has duplicate label name: 'a'"],
  ["any UTF-8 in a name", { ...named, "ä b/c\"d": "v" }, one, 200],
  ["an empty value", { ...named, a: "" }, one, 200],
  ["101 labels of a sample", named, pprof([[["main"], Object.fromEntries(
    Array.from({ length: 101 }, (_, i) => [`l${i}`, "v"])), 1]]), 400,
    "exceeds the sample labels limit (max_profile_stacktrace_sample_labels"],
  ["16,001 samples", named, pprof(Array.from({ length: 16001 }, (_, i) =>
    [[`f${i % 4}`, `g${i % 5}`], { a: `${i % 7}` }, i + 1])), 400,
    "exceeds the samples count limit (max_profile_stacktrace_samples, " +
      "actual: 16001, limit: 16000)"],
  ["a stack of 1,500 frames", { ...named, service_name: "deep" }, pprof([[
    Array.from({ length: 1500 }, (_, i) => `f${i}`), {}, 1]]), 200],
  ["a name of 70,000 bytes", { ...named, service_name: "wide" },
    pprof([[["a".repeat(70000)], {}, 1]]), 200],
  ["a time of 0", { ...named, service_name: "timeless" },
    pprof([[["main"], {}, 1]], { timeMs: 0 }), 200],
  ["a profile of 2001", named, pprof([[["main"], {}, 1]],
    { timeMs: 1000000000000 }), 400, "is outside of ingestion window"],
  ["a profile of tomorrow", named, pprof([[["main"], {}, 1]],
    { timeMs: now + 86400000 }), 400, "is outside of ingestion window"],
  ["a type with a dash", named, pprof([[["main"], {}, 1]],
    { types: [["in-use", "bytes"]] }), 400, ""],
  ["nothing but zeros", named, pprof([[["main"], {}, 0]]), 200],
  ["nothing but a negative value", named, pprof([[["main"], {}, -4n]]), 200],
]) {
  const reply = await push(labels, profile);
  is(`Push, ${what}: ${status}`, reply.status, status);
  if (says) ok(`Push, ${what}: says so`, reply.bytes.includes(says),
    reply.bytes.subarray(0, 300));
}
const graph = async (service) => (await ask("SelectMergeStacktraces", {
  profileTypeID: cpu, labelSelector: `{service_name="${service}"}`, ...all }))
  .body.flamegraph;
const deep = await graph("deep");
is("a deep stack keeps its root side", [deep.levels.length,
  deep.names.includes("f0"), deep.names.includes("f1499")], [1001, true, false]);
is("a long name keeps its tail", (await graph("wide")).names[1].length, 65535);
is("a profile without a time is of now", (await graph("timeless")).total, "1");
const batch = await call(url, "/push.v1.PusherService/Push", json,
  JSON.stringify({ series: [
    { labels: [{ name: "__name__", value: "process_cpu" },
      { name: "service_name", value: "batch" }],
      samples: [{ rawProfile: one.toString("base64") }] },
    { labels: [{ name: "a", value: "b" }],
      samples: [{ ID: "id-7", rawProfile: one.toString("base64") }] }] }));
ok("the profile of a batch that failed is named", batch.status === 400 &&
  batch.bytes.includes("push series with index 1 and id id-7 failed: "),
  batch.bytes);

// ---- HTTP and Connect (2.1, 2.2, 2.4; traps 8 to 10, 17, 18) --------------------------------------

const names = `${querier}LabelNames`;
for (const [what, method, path, headers, body, status, header = []] of [
  ["GET on Connect", "GET", names, {}, undefined, 405, ["allow", "POST"]],
  ["PUT on Connect", "PUT", names, { "content-type": json }, "{}", 405,
    ["allow", "POST"]],
  ["POST on render", "POST", "/pyroscope/render", {}, "", 405, ["allow", "GET"]],
  ["HEAD on render", "HEAD", "/ready", {}, undefined, 200],
  ["a path that there is not", "GET", "/nothing", {}, undefined, 404,
    ["content-type", json]],
  ["a service that there is not", "POST", "/vcs.v1.VCSService/GithubApp",
    { "content-type": json }, "{}", 404],
  ["recording rules", "POST",
    "/settings.v1.RecordingRulesService/ListRecordingRules",
    { "content-type": json }, "{}", 404],
  ["no content type", "POST", names, {}, "{}", 415,
    ["accept-post", "application/proto, application/json"]],
  ["text", "POST", names, { "content-type": "text/plain;charset=UTF-8" }, "{}",
    415],
  ["a type in capitals", "POST", names, { "content-type":
    "Application/JSON; charset=utf-8" }, "{}", 200, ["content-type", json]],
  ["an empty protobuf", "POST", names, { "content-type": proto }, "", 200,
    ["content-type", proto]],
  ["an error of a protobuf is JSON", "POST", `${querier}LabelValues`,
    { "content-type": proto }, "", 400, ["content-type", json]],
  ["what an error is may not be guessed", "GET", "/pyroscope/render", {},
    undefined, 400, ["x-content-type-options", "nosniff"]],
  ["several Accept lines", "POST", names, { "content-type": json,
    accept: ["text/html", "*/*;allow-utf8-labelnames=true"] }, "{}", 200],
  ["an Accept with odd parameters", "POST", names, { "content-type": json,
    accept: "*/*; q=0.5;allow-utf8-labelnames=true, text/x" }, "{}", 200],
  ["a tenant is not looked at", "POST", names, { "content-type": json,
    "x-scope-orgid": "somebody" }, "{}", 200],
  ["an id of Grafana neither", "POST", names, { "content-type": json,
    "x-grafana-org-id": "1" }, "{}", 200],
]) {
  const reply = await send(method, path, headers, body);
  is(`${what}: ${status}`, reply.status, status);
  if (header.length)
    is(`${what}: ${header[0]}`, reply.headers[header[0]], header[1]);
}
is("a small answer is not packed", (await send("POST", names,
  { "content-type": json, "accept-encoding": "gzip" }, "{}"))
  .headers["content-encoding"], undefined);
const wide = JSON.stringify({ profileTypeID: cpu, ...all,
  labelSelector: '{service_name="deep"}' });
for (const [what, headers, coding] of [
  ["for those who ask", { "accept-encoding": "br, gzip;q=0.5" }, "gzip"],
  ["not for others", {}, undefined],
  ["not for those who refuse", { "accept-encoding": "gzip;q=0" }, undefined]]) {
  const reply = await send("POST", `${querier}SelectMergeStacktraces`,
    { "content-type": json, ...headers }, wide);
  is(`a large answer is packed ${what}`, reply.headers["content-encoding"],
    coding);
  const plain = coding ? gunzipSync(reply.bytes) : reply.bytes;
  is(`and is whole, ${what}`, JSON.parse(plain).flamegraph.total, "1");
}

// ---- render (10, traps 5, 11 and 12) -----------------------------------------------------------------

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

// ---- protobuf that is not ours ---------------------------------------------------------------------

const fields = [[1, cpu], [2, '{service_name="shop"}'], [3, all.start], [4, all.end]];
for (const [what, body, status] of [
  ["fields of the future", encode([...fields, [200, 7], [201, "x"],
    [7, [[3, [[1, "x"]]]]], [6, 99]]), 200],
  ["a field twice: the last one", encode([[1, "a:b:c:d:e"], ...fields]), 200],
  ["cut short", encode(fields).subarray(0, -1), 400],
  ["a selector that is not UTF-8", encode([[1, cpu],
    [2, Buffer.from([0x7b, 0xff, 0x7d])], [3, 1], [4, 2]]), 400],
]) {
  const reply = await call(url, `${querier}SelectMergeStacktraces`, proto, body);
  is(`protobuf, ${what}: ${status}`, reply.status, status);
  if (status === 200)
    is(`protobuf, ${what}: its total`, decode(decode(reply.bytes)[1][0])[3],
      [31n]);
}

is("the server ends in order", await server.stop(), 0);
done();
