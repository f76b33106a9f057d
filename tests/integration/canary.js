// One profile, pushed and then seen through every query, once in protobuf
// encoded by hand and once in JSON.
import { gzipSync } from "node:zlib";
import { call, decode, done, encode, is, levelsOf, ok, packed, skip,
  startServer, texts } from "./client.js";

const server = await startServer("--engine", process.env.FLAMEKIT_ENGINE || "sqlite",
  "--ingest-window", "off");
const { url } = server;
const time = Date.now() - 60000;
const end = time + 5000;
const type = "deadmans_switch:made_up:profilos:made_up:profilos";

// ---- the profile: func1;func2 10 and func1 20 -------------------------------
// A frame is a function at the line that was sampled.

const strings = ["", "made_up", "profilos", "func1", "func2", "profile_id",
  "00000bac2a5ab0c7", "canary.c"];
const string = (s) => strings.indexOf(s);
const valueType = [[1, string("made_up")], [2, string("profilos")]];
const pprof = encode([
  [1, valueType],
  [2, [[1, 2], [1, 1], [2, 10]]],
  [2, [[1, 1], [2, 20],
    [3, [[1, string("profile_id")], [2, string("00000bac2a5ab0c7")]]]]],
  ...[1, 2].flatMap((id) => [
    [4, [[1, id], [4, [[1, id], [2, 10 * id + 3]]]]],
    [5, [[1, id], [2, string(`func${id}`)], [4, string("canary.c")],
      [5, 10 * id]]]]),
  ...strings.map((s) => [6, s]),
  [9, BigInt(time) * 1000000n],
  [11, valueType],
  [12, 1],
]);

async function canary(codec) {
  const json = codec === "json";
  const mime = `application/${codec}`;
  const service = `canary-${codec}`;
  const labels = { __name__: "deadmans_switch", service_name: service,
    job: "canary-exporter", instance: "i-1", "otel.scope.name": "x" };
  const selector = `{service_name="${service}", job="canary-exporter", ` +
    `instance="i-1"}`;

  // A message in either codec, its answer decoded by hand.
  async function ask(method, jsonBody, fields, headers) {
    const reply = await call(url, `/querier.v1.QuerierService/${method}`, mime,
      json ? JSON.stringify(jsonBody) : encode(fields), headers);
    is(`${codec} ${method}: status`, reply.status, 200);
    is(`${codec} ${method}: content type`, reply.type, mime);
    return json ? JSON.parse(reply.bytes) : decode(reply.bytes);
  }

  const push = await call(url, "/push.v1.PusherService/Push", mime, json
    ? JSON.stringify({ series: [{
        labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
        samples: [{ rawProfile: pprof.toString("base64") }] }] })
    : encode([[1, [
        ...Object.entries(labels).map(([n, v]) => [1, [[1, n], [2, v]]]),
        [2, [[1, pprof]]]]]]));
  is(`${codec} push: status`, push.status, 200);
  is(`${codec} push: answer`, push.bytes.toString(), json ? "{}" : "");

  // ---- labels -----------------------------------------------------------------

  const range = { start: time, end };
  let got = await ask("ProfileTypes", range, [[1, time], [2, end]]);
  const parts = ["deadmans_switch", "made_up", "profilos", "made_up",
    "profilos"];
  if (json)
    is("json ProfileTypes", got.profileTypes, [{ ID: type, name: parts[0],
      sampleType: parts[1], sampleUnit: parts[2], periodType: parts[3],
      periodUnit: parts[4] }]);
  else {
    const t = decode(got[1][0]);
    is("proto ProfileTypes", [1, 2, 4, 5, 6, 7].map((n) => texts(t[n])[0]),
      [type, ...parts]);
  }

  got = await ask("Series",
    { matchers: [selector], labelNames: ["service_name", "__profile_type__"],
      ...range },
    [[1, selector], [2, "service_name"], [2, "__profile_type__"], [3, time],
      [4, end]]);
  const sets = json
    ? got.labelsSet.map((s) => s.labels.map((l) => [l.name, l.value]))
    : got[2].map((s) => decode(s)[1].map(decode)
        .map((l) => [texts(l[1])[0], texts(l[2])[0]]));
  is(`${codec} Series`, sets,
    [[["__profile_type__", type], ["service_name", service]]]);

  const names = async (headers) => {
    const reply = await ask("LabelNames", { matchers: [selector], ...range },
      [[1, selector], [2, time], [3, end]], headers);
    return json ? reply.names : texts(reply[1]);
  };
  const required = ["__name__", "__period_type__", "__period_unit__",
    "__profile_type__", "__service_name__", "__type__", "__unit__",
    "service_name"];
  const plain = await names();
  is(`${codec} LabelNames`, required.filter((n) => !plain.includes(n)), []);
  ok(`${codec} LabelNames are sorted`,
    `${plain}` === `${plain.toSorted()}`, plain);
  ok(`${codec} LabelNames hide what old clients cannot quote`,
    !plain.includes("otel.scope.name"), plain);
  ok(`${codec} LabelNames show it to those that can`, (await names({ accept:
    "application/json; allow-utf8-labelnames=true" }))
    .includes("otel.scope.name"));

  got = await ask("LabelValues",
    { name: "service_name", matchers: [selector], ...range },
    [[1, "service_name"], [2, selector], [3, time], [4, end]]);
  is(`${codec} LabelValues`, json ? got.names : texts(got[1]), [service]);
  got = await ask("LabelValues", { name: "nothing", ...range },
    [[1, "nothing"], [3, time], [4, end]]);
  is(`${codec} LabelValues of no label`, got, {});

  // ---- totals over time -----------------------------------------------------------

  got = await ask("SelectSeries",
    { profileTypeID: type, labelSelector: selector, ...range, step: 1000,
      groupBy: ["service_name"] },
    [[1, type], [2, selector], [3, time], [4, end], [5, "service_name"],
      [6, { double: 1000 }]]);
  const series = json ? got.series : got[1].map(decode).map((s) => ({
    labels: s[1].map(decode).map((l) => (
      { name: texts(l[1])[0], value: texts(l[2])[0] })),
    points: s[2].map(decode).map((p) => (
      { value: p[1][0], timestamp: `${p[2][0]}` })) }));
  is(`${codec} SelectSeries`, series, [{
    labels: [{ name: "service_name", value: service }],
    points: [{ value: 30, timestamp: `${time}` }] }]);

  // ---- flame graphs ------------------------------------------------------------------

  const graph = (reply) => {
    if (json) return reply.flamegraph;
    const f = decode(reply[1][0]);
    return { names: texts(f[1]), total: f[3]?.[0], maxSelf: f[4]?.[0],
      leftTicks: f[5]?.[0], rightTicks: f[6]?.[0],
      levels: (f[2] || []).map((l) => ({ values: packed(decode(l)[1][0]) })) };
  };
  const select = { profileTypeID: type, labelSelector: selector, ...range };
  const fields = [[1, type], [2, selector], [3, time], [4, end]];
  const single = [[0, 30, 0, 0], [0, 30, 20, 1], [20, 10, 10, 2]];
  got = graph(await ask("SelectMergeStacktraces", select, fields));
  is(`${codec} SelectMergeStacktraces: names`, got.names,
    ["total", "func1", "func2"]);
  is(`${codec} SelectMergeStacktraces: levels`, levelsOf(got), single);
  is(`${codec} SelectMergeStacktraces: total`, Number(got.total), 30);

  got = graph(await ask("SelectMergeStacktraces", { ...select,
    stackTraceSelector: { callSite: [{ name: "func1" }, { name: "func2" }] },
    format: "PROFILE_FORMAT_OF_THE_FUTURE", frameFilter: {} },
    [...fields, [6, 99], [7, [[1, [[1, "func1"]]], [1, [[1, "func2"]]],
      [3, "x"]]], [99, 1]]));
  is(`${codec} a call site, and what newer clients add`, levelsOf(got),
    [[0, 10, 0, 0], [0, 10, 0, 1], [0, 10, 10, 2]]);

  // ---- single profiles ---------------------------------------------------------------

  // The exemplar of a point or a slot, and the labels it adds to the group's.
  const exemplar = (e) => {
    if (json) return e;
    const x = decode(e);
    return { timestamp: x[1][0], profileId: texts(x[2])[0], value: x[4][0],
      labels: x[5].map(decode).map((l) => ({ name: texts(l[1])[0] })) };
  };
  got = await ask("SelectSeries",
    { ...select, step: 5, groupBy: ["service_name"], exemplarType: 2 },
    [...fields, [5, "service_name"], [6, { double: 5 }], [10, 2]]);
  const shown = exemplar(json ? got.series[0].points[0].exemplars[0]
    : decode(decode(got[1][0])[2][0])[4][0]);
  is(`${codec} exemplar`, [shown.value, shown.timestamp].map(Number), [30, time]);
  is(`${codec} exemplar: labels`, shown.labels.map((l) => l.name),
    ["instance", "job", "otel.scope.name"]);
  got = graph(await ask("SelectMergeStacktraces",
    { ...select, profileIdSelector: [shown.profileId] },
    [...fields, [8, shown.profileId]]));
  is(`${codec} the exemplar's profile`, levelsOf(got), single);
  const other = "00000000-0000-4000-8000-000000000000";
  got = graph(await ask("SelectMergeStacktraces",
    { ...select, profileIdSelector: [other] }, [...fields, [8, other]]));
  is(`${codec} a profile that there is not`, levelsOf(got), [[0, 0, 0, 0]]);

  got = await ask("SelectHeatmap",
    { ...select, step: 5, groupBy: ["service_name"], queryType: 1,
      exemplarType: "EXEMPLAR_TYPE_INDIVIDUAL" },
    [...fields, [5, { double: 5 }], [6, "service_name"], [7, 1], [8, 2]]);
  const slot = json ? got.series[0].slots[0] : (() => {
    const s = decode(decode(got[1][0])[2][0]);
    return { timestamp: s[1][0], yMin: s[2], counts: packed(s[3][0]),
      exemplars: s[4] };
  })();
  is(`${codec} heatmap: time`, Number(slot.timestamp), time);
  is(`${codec} heatmap: rows`, [slot.yMin.length, slot.yMin[0]], [20, 30]);
  is(`${codec} heatmap: one profile`, slot.counts.map(Number),
    [1, ...Array(19).fill(0)]);
  is(`${codec} heatmap: its exemplar`, exemplar(slot.exemplars[0]).profileId,
    shown.profileId);

  // ---- spans: the second sample belongs to one ----------------------------------------

  const span = "00000bac2a5ab0c7";
  const ofSpan = [[0, 20, 0, 0], [0, 20, 20, 1]];
  got = graph(await ask("SelectMergeSpanProfile",
    { ...select, spanSelector: [span] },
    [[1, type], [2, selector], [3, span], [4, time], [5, end]]));
  is(`${codec} SelectMergeSpanProfile`, levelsOf(got), ofSpan);
  got = graph(await ask("SelectMergeStacktraces",
    { ...select, spanSelector: ["0000000000000001", span.toUpperCase()] },
    [...fields, [11, "0000000000000001"], [11, span.toUpperCase()]]));
  is(`${codec} span_selector`, levelsOf(got), ofSpan);
  got = graph(await ask("SelectMergeStacktraces",
    { ...select, traceIdSelector: ["01".repeat(16)] },
    [...fields, [10, "01".repeat(16)]]));
  is(`${codec} a trace that there is not`, levelsOf(got), [[0, 0, 0, 0]]);
  got = await ask("SelectHeatmap",
    { ...select, step: 5, queryType: "HEATMAP_QUERY_TYPE_SPAN",
      exemplarType: "EXEMPLAR_TYPE_SPAN" },
    [...fields, [5, { double: 5 }], [7, 2], [8, 3]]);
  const one = json ? got.series[0].slots[0].exemplars[0]
    : decode(decode(decode(got[1][0])[2][0])[4][0]);
  is(`${codec} heatmap of spans`,
    json ? [one.spanId, Number(one.value)]
      : [texts(one[3])[0], Number(one[4][0])], [span, 20]);

  got = await ask("SelectMergeStacktraces", { ...select, format: 2 },
    [...fields, [6, 2]]);
  is(`${codec} tree bytes`,
    (json ? Buffer.from(got.tree, "base64") : got[2][0]).toString("latin1"),
    "\0\0\x01\x05func1\x14\x01\x05func2\x0a\0");

  got = await ask("SelectMergeStacktraces",
    { ...select, format: "PROFILE_FORMAT_DOT" }, [...fields, [6, 3]]);
  const dot = json ? got.dot : texts(got[3])[0];
  ok(`${codec} dot`, /^digraph [^]*func2\\n10 [^]*N1 -> N2 [^]*\}\n$/.test(dot),
    dot);

  got = graph(await ask("Diff", { left: select, right: select },
    [[1, fields], [2, fields]]));
  is(`${codec} Diff: levels`, levelsOf(got), [
    [0, 30, 0, 0, 30, 0, 0], [0, 30, 20, 0, 30, 20, 1],
    [20, 10, 10, 20, 10, 10, 2]]);
  is(`${codec} Diff: ticks`, [got.total, got.leftTicks, got.rightTicks]
    .map(Number), [60, 30, 30]);

  // The range ends before it: [start, end) starts with the profile itself.
  got = graph(await ask("SelectMergeStacktraces",
    { ...select, start: time - 5000, end: time },
    [[1, type], [2, selector], [3, time - 5000], [4, time]]));
  is(`${codec} an empty range has an empty root`, levelsOf(got),
    [[0, 0, 0, 0]]);

  // ---- pprof -----------------------------------------------------------------------------

  const profile = (p) => {
    if (json) return p;
    return { stringTable: texts(p[6]), timeNanos: p[9][0], period: p[12][0],
      durationNanos: p[10][0],
      mapping: p[3].map(decode),
      sample: p[2].map(decode).map((s) => ({
        locationId: s[1].flatMap((v) => (typeof v === "bigint" ? v : packed(v))),
        value: s[2].flatMap((v) => (typeof v === "bigint" ? v : packed(v))) })),
      location: p[4].map(decode).map((l) => ({ id: l[1][0],
        line: l[4].map(decode).map((n) => ({ functionId: n[1][0],
          line: n[2][0] })) })),
      function: p[5].map(decode).map((f) => ({ id: f[1][0], name: f[2][0],
        filename: f[4][0] })) };
  };
  const stacks = (p) => p.sample.map((s) => s.locationId.map((id) => {
    const [line] = p.location.find((l) => `${l.id}` === `${id}`).line;
    const f = p.function.find((x) => `${x.id}` === `${line.functionId}`);
    return [f.name, f.filename].map((i) => p.stringTable[Number(i)])
      .concat(Number(line.line)).join(":");
  }).toReversed().join(";") + ` ${s.value}`).toSorted();
  got = profile(await ask("SelectMergeProfile", select, fields));
  is(`${codec} SelectMergeProfile: stacks`, stacks(got),
    ["func1:canary.c:13 20", "func1:canary.c:13;func2:canary.c:23 10"]);
  is(`${codec} SelectMergeProfile: times`,
    [got.timeNanos, got.durationNanos].map(String),
    [`${end}000000`, "5000000000"]);
  is(`${codec} SelectMergeProfile: mappings`, got.mapping.length, 1);
  got = await ask("SelectMergeStacktraces", { ...select, format: 4 },
    [...fields, [6, 4]]);
  is(`${codec} pprof as a format of flame graphs`,
    stacks(profile(json ? got.pprof.profile
      : decode(decode(got[5][0])[1][0]))).length, 2);

  // ---- the plain routes ---------------------------------------------------------------------

  const query = `${type}${selector}`;
  const render = async (path, params) => {
    const reply = await fetch(`${url}/pyroscope/${path}?` +
      new URLSearchParams(params));
    is(`${codec} ${path}: status`, reply.status, 200);
    return reply.json();
  };
  got = await render("render", { query, from: time, until: end });
  is(`${codec} render: levels`, got.flamebearer.levels, single);
  is(`${codec} render: names`, got.flamebearer.names,
    ["total", "func1", "func2"]);
  got = await render("render-diff", { leftQuery: query, rightQuery: query,
    leftFrom: time, leftUntil: end, rightFrom: time, rightUntil: end });
  is(`${codec} render-diff: levels`, got.flamebearer.levels.length, 3);
  is(`${codec} render-diff: ticks`, [got.leftTicks, got.rightTicks], [30, 30]);
  got = await ask("GetProfileStats", {}, []);
  ok(`${codec} GetProfileStats: ingested`,
    json ? got.dataIngested : got[1][0] === 1n);

  // ---- refusals ----------------------------------------------------------------------------------

  const refused = async (method, jsonBody, fieldList, code) => {
    const reply = await call(url, `/querier.v1.QuerierService/${method}`, mime,
      json ? JSON.stringify(jsonBody) : encode(fieldList));
    is(`${codec} ${method}: an error is JSON`, [reply.type,
      JSON.parse(reply.bytes).code], ["application/json", code]);
  };
  await refused("SelectSeries", { ...select, step: 0 }, fields,
    "invalid_argument");
  await refused("SelectMergeStacktraces",
    { ...select, profileIdSelector: ["7"] }, [...fields, [8, "7"]],
    "invalid_argument");
  await refused("SelectHeatmap", { ...select, step: 1, limit: -1 },
    [...fields, [5, { double: 1 }], [9, -1]], "invalid_argument");
  await refused("SelectHeatmap", { ...select, step: 0 }, fields,
    "invalid_argument");
  await refused("SelectMergeStacktraces", { ...select, maxNodes: -1 },
    [...fields, [5, -1]], "invalid_argument");
  await refused("SelectMergeStacktraces",
    { ...select, spanSelector: ["xyz"] }, [...fields, [11, "xyz"]],
    "invalid_argument");
  await refused("SelectMergeStacktraces",
    { ...select, spanSelector: [span], traceIdSelector: ["00".repeat(16)] },
    [...fields, [11, span], [10, "00".repeat(16)]], "invalid_argument");
}

// ---- the protocol around every query -------------------------------------------

async function protocol() {
  const path = "/querier.v1.QuerierService/ProfileTypes";
  const json = "application/json";
  const post = (type, body, headers) => call(url, path, type, body, headers);
  const code = (reply) => [reply.status, JSON.parse(reply.bytes).code];
  is("gzip in JSON", (await post(json, gzipSync("{}"),
    { "content-encoding": "gzip" })).status, 200);
  is("gzip in protobuf", (await post("application/proto", gzipSync(""),
    { "content-encoding": "gzip" })).status, 200);
  is("gzip that is none", code(await post(json, "{}",
    { "content-encoding": "gzip" })), [400, "invalid_argument"]);
  is("a bomb", code(await post(json, gzipSync(Buffer.alloc(1 << 24)),
    { "content-encoding": "gzip" })), [400, "invalid_argument"]);
  is("another compression", code(await post(json, "{}",
    { "content-encoding": "br" })), [501, "unimplemented"]);
  is("identity", (await post(json, "{}",
    { "content-encoding": "identity" })).status, 200);
  is("parameters of the type do not matter",
    (await post("application/json; charset=utf-8", "{}")).status, 200);
  is("an empty protobuf is a message",
    (await post("application/proto", "")).status, 200);
  is("an empty JSON is none", code(await post(json, "")),
    [400, "invalid_argument"]);
  is("version 1", (await post(json, "{}",
    { "connect-protocol-version": "1" })).status, 200);
  is("version 2", code(await post(json, "{}",
    { "connect-protocol-version": "2" })), [400, "invalid_argument"]);
  is("a time-out of eleven digits", code(await post(json, "{}",
    { "connect-timeout-ms": "12345678901" })), [400, "invalid_argument"]);
  const reply = await fetch(url + path, { method: "POST", body: "{}",
    headers: { "content-type": "application/x-protobuf" } });
  is("another type", [reply.status, reply.headers.get("accept-post")],
    [415, "application/proto, application/json"]);
  is("a method that there is not", (await call(url,
    "/querier.v1.QuerierService/Nothing", json, "{}")).status, 404);
}

await protocol();
await canary("proto");
await canary("json");
skip("OTLP", "not read by this version");
is("the server ends in order", await server.stop(), 0);
done();
