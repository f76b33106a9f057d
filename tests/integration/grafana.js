// What Grafana's Pyroscope data source and Profiles Drilldown ask, in their
// order, with their headers and shapes; every field of the answers that they
// read is checked.
import { gzipSync, gunzipSync } from "node:zlib";
import { call, decode, done, encode, is, levelsOf, ok, packed, startServer,
  texts } from "./client.js";

const server = await startServer("--ingest-window", "off");
const { url } = server;
const type = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const service = "grafana.app";
const at = Date.now() - 60000;
const [from, until] = [at - 3600000, at + 3600000];
const querier = "/querier.v1.QuerierService/";

for (const [region, text] of [["eu", "main;work 3\nmain;idle 1\n"],
  ["us", "main;work 2\n"]]) {
  const reply = await fetch(`${url}/ingest?` + new URLSearchParams({
    name: `${service}.cpu{region=${region},otel.scope.name=sdk}`,
    from: `${at}`, sampleRate: "100" }), { method: "POST", body: text });
  is(`a profile of ${region} goes in`, reply.status, 200);
}

// ---- the data source: connect-go, protobuf -----------------------------------

const sourceHeaders = { "connect-protocol-version": "1",
  "accept-encoding": "gzip", "user-agent": "connect-go/1.18.1 (go1.24)",
  "x-scope-orgid": "anonymous", accept: "*/*; allow-utf8-labelnames=true" };

// connect-go compresses its requests when it is told to; both must do.
let compress = false;
async function ask(method, fields) {
  compress = !compress;
  const body = encode(fields);
  const reply = await call(url, querier + method, "application/proto",
    compress ? gzipSync(body) : body,
    { ...sourceHeaders, ...(compress ? { "content-encoding": "gzip" } : {}) });
  is(`data source, ${method}: status and type`, [reply.status, reply.type],
    [200, "application/proto"]);
  return decode(reply.bytes);
}

// 1. The check of its settings page: a range in 1970.
is("CheckHealth: an empty answer will do",
  await ask("ProfileTypes", [[1, 1000], [2, 4000]]), {});

// 2. The query editor.
const profileType = decode(
  (await ask("ProfileTypes", [[1, from], [2, until]]))[1][0]);
is("ProfileTypes: id, name, types and units",
  [1, 2, 4, 5, 6, 7].map((n) => texts(profileType[n])[0]),
  [type, ...type.split(":")]);
is("ProfileTypes without a range",
  texts(decode((await ask("ProfileTypes", []))[1][0])[1]), [type]);

// 3. Names and values of labels, narrowed by what is chosen so far.
const selector = `{service_name="${service}"}`;
const names = texts((await ask("LabelNames",
  [[1, selector], [2, from], [3, until]]))[1]);
is("LabelNames: sorted, with those that need quotes",
  ["otel.scope.name", "region", "service_name"].filter(
    (n) => !names.includes(n)).concat(
    `${names}` === `${names.toSorted()}` ? [] : ["not sorted"]), []);
is("LabelValues", texts((await ask("LabelValues",
  [[1, "region"], [2, selector], [3, from], [4, until]]))[1]), ["eu", "us"]);

// 4. Metrics: one series a region, and one without labels.
const seriesOf = (reply) => (reply[1] ?? []).map(decode).map((s) => ({
  labels: (s[1] ?? []).map(decode).map((l) => [texts(l[1])[0], texts(l[2])[0]]),
  total: s[2].map(decode).reduce((n, p) => n + p[1][0], 0),
  times: s[2].map(decode).map((p) => Number(p[2][0])) }));
const step = [6, { double: 15 }];
const quoted = `{"otel.scope.name"="sdk",service_name="${service}"}`;
const grouped = seriesOf(await ask("SelectSeries", [[1, type], [2, quoted],
  [3, from], [4, until], [5, "region"], step]));
is("SelectSeries by region: the larger first",
  grouped.map((s) => [s.labels, s.total]),
  [[[["region", "eu"]], 4e7], [[["region", "us"]], 2e7]]);
ok("SelectSeries: points lie on steps from the start",
  grouped.every((s) => s.times.every((t) => (t - from) % 15000 === 0)),
  JSON.stringify(grouped));
is("SelectSeries without groups has no labels", seriesOf(await ask(
  "SelectSeries", [[1, type], [2, selector], [3, from], [4, until], step]))
  .map((s) => [s.labels, s.total]), [[[], 6e7]]);
is("SelectSeries with a limit", seriesOf(await ask("SelectSeries",
  [[1, type], [2, selector], [3, from], [4, until], [5, "region"], step,
    [9, 1]])).length, 1);

// 5. The flame graph.
const graph = decode((await ask("SelectMergeStacktraces", [[1, type],
  [2, selector], [3, from], [4, until], [5, 16384]]))[1][0]);
is("SelectMergeStacktraces: names", texts(graph[1]),
  ["total", "main", "work", "idle"]);
is("SelectMergeStacktraces: levels",
  graph[2].map((l) => packed(decode(l)[1][0]).map(Number)),
  [[0, 6e7, 0, 0], [0, 6e7, 0, 1], [0, 1e7, 1e7, 3, 0, 5e7, 5e7, 2]]);
is("SelectMergeStacktraces: total and maxSelf",
  [graph[3][0], graph[4][0]].map(Number), [6e7, 5e7]);
const none = (await ask("SelectMergeStacktraces", [[1, type],
  [2, '{service_name="nobody"}'], [3, from], [4, until], [5, 16384]]))[1];
ok("nothing found: no flame graph, or one whose first level is not empty",
  !none || packed(decode(decode(none[0])[2][0])[1][0]).length === 4, none);

// ---- Drilldown: the browser, JSON, through Grafana's proxy ------------------------

const drillHeaders = { accept: "application/json; allow-utf8-labelnames=true",
  "x-grafana-org-id": "1", "x-scope-orgid": "anonymous" };

async function drill(path, body) {
  const reply = await call(url, path, "application/json", JSON.stringify(body),
    drillHeaders);
  is(`Drilldown, ${path.replace(querier, "")}: status and type`,
    [reply.status, reply.type], [200, "application/json"]);
  return JSON.parse(reply.bytes);
}

// The start page: services and their types.
is("Series: labelsSet of sorted pairs", await drill(`${querier}Series`, {
  matchers: [], labelNames: ["service_name", "__profile_type__"],
  start: from, end: until }), { labelsSet: [{ labels: [
  { name: "__profile_type__", value: type },
  { name: "service_name", value: service }] }] });
// Filters.
const both = [`{__profile_type__="${type}",service_name="${service}"}`];
ok("LabelNames", (await drill(`${querier}LabelNames`,
  { matchers: both, start: from, end: until })).names.includes("region"));
is("LabelValues", await drill(`${querier}LabelValues`,
  { name: "region", matchers: both, start: from, end: until }),
{ names: ["eu", "us"] });

async function get(path, params) {
  const reply = await fetch(`${url}${path}?` + new URLSearchParams(params),
    { headers: drillHeaders });
  is(`Drilldown, ${path}: status`, reply.status, 200);
  return reply;
}

// The flame graph, its comparison, and its export.
const query = `${type}{service_name="${service}"}`;
const render = await (await get("/pyroscope/render", { query, from, until,
  "max-nodes": 16384, format: "json" })).json();
is("render: the document", [render.version, render.metadata.format,
  render.metadata.units, render.metadata.sampleRate,
  render.flamebearer.names, render.flamebearer.numTicks,
  render.flamebearer.maxSelf], [1, "single", "samples", 1000000000,
  ["total", "main", "work", "idle"], 6e7, 5e7]);
is("render: numbers are numbers", typeof render.flamebearer.levels[0][1],
  "number");
ok("render: a timeline", Number.isInteger(render.timeline.startTime) &&
  render.timeline.samples.length > 0 && render.timeline.durationDelta >= 15,
JSON.stringify(render.timeline).slice(0, 200));
const dot = await (await get("/pyroscope/render", { query, from, until,
  "max-nodes": 100, format: "dot" })).text();
ok("render: dot", dot.startsWith("digraph") && dot.includes("work"), dot);
const diff = await (await get("/pyroscope/render-diff", {
  leftQuery: `${type}{service_name="${service}",region="eu"}`,
  leftFrom: from, leftUntil: until,
  rightQuery: `${type}{service_name="${service}",region="us"}`,
  rightFrom: from, rightUntil: until, "max-nodes": 16384 })).json();
is("render-diff", [diff.metadata.format, diff.leftTicks, diff.rightTicks,
  diff.flamebearer.names.toSorted(), diff.flamebearer.numTicks],
["double", 4e7, 2e7, ["idle", "main", "total", "work"], 6e7]);

const download = await call(url, `${querier}SelectMergeProfile`,
  "application/proto", encode([[1, type], [2, selector], [3, from], [4, until]]),
  { ...drillHeaders, accept: "application/proto" });
const bytes = download.bytes[0] === 0x1f ? gunzipSync(download.bytes)
  : download.bytes;
const pprof = decode(bytes);
is("pprof download: values", pprof[2].map(decode).map((s) =>
  Number(packed(s[2][0])[0] ?? s[2][0])).toSorted(), [1e7, 5e7]);
// Details of a function: names in snake_case.
const details = await drill(`${querier}SelectMergeProfile`, {
  profile_typeID: type, label_selector: selector, start: from, end: until,
  stack_trace_selector: { call_site: [{ name: "main" }, { name: "work" }] },
  max_nodes: 500 });
is("function details: only that call site",
  details.sample.map((s) => s.value), [["50000000"]]);

is("GetProfileStats", (await drill(`${querier}GetProfileStats`, {}))
  .dataIngested, true);
await drill(`${querier}AnalyzeQuery`, { start: from, end: until, query });

// What only hides a feature may say so, in JSON with a message.
for (const path of ["/settings.v1.SettingsService/Get",
  "/settings.v1.RecordingRulesService/ListRecordingRules",
  "/vcs.v1.VCSService/GithubApp"]) {
  const reply = await call(url, path, "application/json", "{}", drillHeaders);
  ok(`${path}: an answer, or an error that can be read`,
    reply.status === 200 || (/^(404|501)$/.test(`${reply.status}`) &&
      JSON.parse(reply.bytes).message), `${reply.status} ${reply.bytes}`);
}
const wrong = await call(url, `${querier}SelectSeries`, "application/json",
  JSON.stringify({ profileTypeID: "cpu", labelSelector: "{}", start: from,
    end: until, step: 15 }), drillHeaders);
is("an error is JSON with code and message", [wrong.status,
  Object.keys(JSON.parse(wrong.bytes)).toSorted()], [400, ["code", "message"]]);
is("levels of the JSON flame graph are texts of numbers", levelsOf((await
drill(`${querier}SelectMergeStacktraces`, { profileTypeID: type,
  labelSelector: selector, start: from, end: until, maxNodes: 16384 }))
  .flamegraph)[0], [0, 6e7, 0, 0]);

is("the server ends in order", await server.stop(), 0);
done();
