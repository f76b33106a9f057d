// The cases of the shared conformance files against a real server: status
// codes, goldens of flame graphs, profiles of real clients.
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { call, done, is, levelsOf, ok, skip, stacksOf, stacksOfProfile,
  startServer } from "./client.js";

const fixtures = "../shared/fixtures";
if (!existsSync(fixtures)) {
  console.log(`1..0 # SKIP ${fixtures} is not there`);
  process.exit(0);
}
const load = (name) => JSON.parse(readFileSync(`${fixtures}/${name}`));
const server = await startServer("--engine", process.env.FLAMEKIT_ENGINE || "sqlite",
  "--ingest-window", "off");
const { url } = server;
const querier = "/querier.v1.QuerierService/";
const all = { start: 1, end: Date.now() + 3600000 };
const maxNodes = 1048576;

async function ask(method, body, headers) {
  const reply = await call(url, querier + method, "application/json",
    JSON.stringify(body), headers);
  const text = reply.bytes.toString();
  if (reply.status !== 200) throw new Error(`${method}: ${text}`);
  return JSON.parse(text);
}

const inService = (name) => `{service_name=${JSON.stringify(name)}}`;

async function flamegraph(type, service, nodes = maxNodes) {
  const reply = await ask("SelectMergeStacktraces", { ...all,
    profileTypeID: type, labelSelector: inService(service), maxNodes: nodes });
  return reply.flamegraph;
}

const ingest = (params, body, headers) =>
  fetch(`${url}/ingest?${new URLSearchParams(params)}`,
    { method: "POST", body, headers });

// ---- status codes --------------------------------------------------------------

function withTimes(value) {
  const now = /^@NOW_MS([+-]\d+)?$/;
  if (typeof value === "string" && now.test(value))
    return Date.now() + Number(now.exec(value)[1] || 0);
  if (Array.isArray(value)) return value.map(withTimes);
  if (value && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [k, withTimes(v)]));
  return value;
}

for (const c of load("status-codes.json")) {
  const query = c.query ? `?${new URLSearchParams(withTimes(c.query))}` : "";
  const body = c.body_raw ?? (c.body_json
    ? JSON.stringify(withTimes(c.body_json)) : undefined);
  const reply = await fetch(url + c.path + query,
    { method: c.method, headers: c.headers, body });
  const text = await reply.text();
  const allowed = [c.status, c.status_v1_storage];
  ok(`${c.path} ${c.name}: ${c.status}`, allowed.includes(reply.status),
    `got ${reply.status} ${text}`);
  if (reply.status >= 400)
    ok(`${c.path} ${c.name}: the error says why`,
      JSON.parse(text).code && JSON.parse(text).message, text);
}

// ---- goldens --------------------------------------------------------------------

const golden = load("golden/golden.json");
const folded = (stacks) => stacks.map(([s, v]) => `${s} ${v}\n`).join("");
const bytes = "memory:inuse_space:bytes::";
const byPath = (a, b) => (a[0] < b[0] ? -1 : 1);

for (const [i, c] of golden.flamegraph.entries()) {
  const service = `golden.flamegraph${i}`;
  await ingest({ name: `${service}.inuse_space`, from: "now", until: "now" },
    folded(c.stacks));
  const got = await flamegraph(bytes, service,
    c.max_nodes < 1 ? maxNodes : c.max_nodes);
  if (c.decoded_stacks_after_truncation) {
    is(`flame graph ${c.name}`, stacksOf(got.names, levelsOf(got)),
      c.decoded_stacks_after_truncation.toSorted(byPath));
    continue;
  }
  is(`flame graph ${c.name}: names`, got.names, c.names);
  is(`flame graph ${c.name}: levels`, levelsOf(got), c.levels);
  is(`flame graph ${c.name}: total`, Number(got.total || 0), c.total);
  is(`flame graph ${c.name}: maxSelf`, Number(got.maxSelf || 0), c.max_self);
}

for (const [i, c] of golden.diff.entries()) {
  if (c.error) {
    skip(`diff ${c.name}`, "no route takes negative values; a unit test has it");
    continue;
  }
  const side = async (name, stacks) => {
    const service = `golden.diff${i}.${name}`;
    await ingest({ name: `${service}.inuse_space`, from: "now", until: "now" },
      folded(stacks));
    return { ...all, profileTypeID: bytes, labelSelector: inService(service),
      maxNodes: c.max_nodes < 1 ? maxNodes : c.max_nodes };
  };
  const { flamegraph: got } = await ask("Diff", {
    left: await side("left", c.left), right: await side("right", c.right) });
  is(`diff ${c.name}: names`, got.names, c.names);
  if (c.levels) is(`diff ${c.name}: levels`, levelsOf(got), c.levels);
  is(`diff ${c.name}: total`, Number(got.total), c.total);
  is(`diff ${c.name}: maxSelf`, Number(got.maxSelf), c.max_self);
  if (c.left_ticks)
    is(`diff ${c.name}: ticks`, [got.leftTicks, got.rightTicks].map(Number),
      [c.left_ticks, c.right_ticks]);
}

for (const [range, step] of golden.render_timeline_step_s) {
  const until = 1700000000;
  const reply = await fetch(`${url}/pyroscope/render?` + new URLSearchParams(
    { query: `${bytes}{}`, from: until - range, until }));
  is(`timeline of ${range} s: step`,
    (await reply.json()).timeline.durationDelta, step);
}
skip("golden timelines", "render chooses its own step; a unit test has them");
skip("golden times", "they need a clock at 2020; a unit test has them");

for (const [i, c] of golden.ingest_name.entries()) {
  const app = `name${i}`;
  await ingest({ name: c.in.replace("foo", app), from: "now", until: "now" },
    "a 1\n");
  const { labelsSet } = await ask("Series",
    { ...all, matchers: [inService(app)] });
  const labels = Object.fromEntries(labelsSet[0].labels.map(
    (l) => [l.name, l.value]));
  is(`name ${c.in}`, Object.fromEntries(
    Object.keys(c.labels).map((k) => [k, labels[k]])), c.labels);
}

// ---- text formats ----------------------------------------------------------------

const text = golden.ingest_text.stored_when_posted_with;
const posts = [["groups", {}, "groups.folded.txt"],
  ["lines", { format: "lines" }, "lines.txt"],
  ["trie", { format: "trie" }, "trie.bin"],
  ["tree", { format: "tree" }, "tree.bin"]];
for (const [params, want] of Object.entries(text))
  for (const [format, extra, file] of posts) {
    const p = new URLSearchParams(params);
    // Each format gets a service of its own, so that they do not add up.
    p.set("name", `${format}.${p.get("name")}`);
    if (p.get("name") === `${format}.testapp`) p.set("name", `${format}app`);
    const reply = await ingest({ ...Object.fromEntries(p), ...extra,
      from: "now", until: "now" },
      readFileSync(`${fixtures}/ingest-text/${file}`));
    if (want.status) {
      is(`${format} as ${params}: status`, reply.status, want.status);
      ok(`${format} as ${params}: says why`,
        (await reply.text()).includes(want.message_contains));
      continue;
    }
    const service = p.get("name").replace(/\.(cpu|inuse_space)$/, "");
    const got = await flamegraph(want.profile_type, service);
    is(`${format} as ${params}`, stacksOf(got.names, levelsOf(got)),
      want.stacks.toSorted(byPath));
  }

// ---- speedscope --------------------------------------------------------------------

for (const [file, c] of Object.entries(golden.speedscope)) {
  if (!existsSync(`${fixtures}/speedscope/${file}`)) {
    skip(`speedscope ${file}`, "the body is not among the fixtures");
    continue;
  }
  const stem = file.replaceAll(".", "-");
  const reply = await ingest({ name: c.name.replace("foo", stem),
    format: "speedscope", from: "now", until: "now" },
    readFileSync(`${fixtures}/speedscope/${file}`));
  is(`speedscope ${file}: status`, reply.status, 200);
  for (const name of [c.labels.profile_name].flat()) {
    const { flamegraph: got } = await ask("SelectMergeStacktraces", { ...all,
      profileTypeID: c.profile_type, maxNodes,
      labelSelector: `{service_name="${stem}",profile_name="${name}"${
        c.labels.x ? ',x="y"' : ""}}` });
    is(`speedscope ${file} ${name}`, stacksOf(got.names, levelsOf(got)),
      (c.stored ?? c.stored_each).toSorted(byPath));
  }
}

// ---- profiles of real clients -------------------------------------------------------

const expected = load("expectations.json");

async function checkSeries(what, service, series) {
  for (const s of series) {
    const got = await flamegraph(s.profile_type, service);
    is(`${what} ${s.profile_type}: total`, got.total || "0", s.total);
    is(`${what} ${s.profile_type}: stacks`,
      stacksOf(got.names, levelsOf(got)).length, s.unique_name_stacks);
  }
  const { names } = await ask("LabelValues", { ...all,
    name: "__profile_type__", matchers: [inService(service)] });
  is(`${what}: types`, (names || []).toSorted(),
    series.map((s) => s.profile_type).toSorted());
}

for (const [i, c] of expected.pprof.entries()) {
  const profile = readFileSync(`${fixtures}/${c.file}`);
  const form = new FormData();
  form.set("profile", new Blob([profile]), "profile.pprof");
  if (c.sample_type_config)
    form.set("sample_type_config", new Blob(
      [readFileSync(`${fixtures}/${c.sample_type_config}`)]), "config.json");
  if (c.variant?.includes("prev_profile"))
    form.set("prev_profile", new Blob([profile]), "prev.pprof");
  const service = `pprof${i}`;
  const what = `${c.file}${c.variant ? " (prev_profile)" : ""}`;
  const reply = await ingest({ name: service, spyName: c.spyName || "",
    from: "now", until: "now" }, form);
  is(`${what}: status`, reply.status, c.ingest_multipart_status ?? 200);
  await reply.text();
  if (c.series) await checkSeries(what, service, c.series);
  if (!c.push_status) continue;
  const name = c.series[0]?.profile_type.split(":")[0] ?? "process_cpu";
  const push = await call(url, "/push.v1.PusherService/Push",
    "application/json", JSON.stringify({ series: [{
      labels: [{ name: "__name__", value: name },
        { name: "service_name", value: `push${i}` }],
      samples: [{ rawProfile: profile.toString("base64") }] }] }));
  is(`${what}: status of a push`, push.status, c.push_status);
}

// ---- Java Flight Recorder ------------------------------------------------------------

for (const [i, [file, c]] of Object.entries(expected.jfr).entries()) {
  const form = new FormData();
  form.set("jfr", new Blob([readFileSync(`${fixtures}/${file}`)]), "jfr");
  if (c.labels_part)
    form.set("labels", new Blob([readFileSync(`${fixtures}/${c.labels_part}`)]),
      "labels");
  const service = `jfr${i}`;
  const reply = await ingest({ name: service, format: "jfr", sampleRate: 100,
    spyName: "javaspy", from: "now-10s", until: "now" }, form);
  is(`${file}: status`, reply.status, c.ingest_status, await reply.text());
  for (const s of c.series) {
    const thread = s.selector.thread_name;
    const matcher = thread ? `,thread_name="${thread}"` : "";
    const { flamegraph: got } = await ask("SelectMergeStacktraces", { ...all,
      profileTypeID: s.profile_type, maxNodes, labelSelector:
        `{service_name="${service}"${matcher}}` });
    is(`${file} {${thread ?? ""}}: total`, got.total, s.total);
    is(`${file} {${thread ?? ""}}: stacks`, stacksOf(got.names, levelsOf(got)),
      stacksOfProfile(gunzipSync(readFileSync(`${fixtures}/${s.golden}`))));
  }
}

// ---- OpenTelemetry ---------------------------------------------------------------------

const json = "application/json";
for (const [file, c] of Object.entries(expected.otlp)) {
  const reply = await call(url, "/v1development/profiles", c.content_type,
    readFileSync(`${fixtures}/${file}`));
  is(`${file}: status`, reply.status, c.status);
  for (const s of c.series) {
    const got = await flamegraph(s.profile_type, c.service_name);
    is(`${file} ${s.profile_type}: total`, got.total, s.total);
    if (!existsSync(`${fixtures}/${s.golden}`)) continue;
    const golden = {};
    for (const one of load(s.golden).samples) {
      const stack = one.locations.map((l) => l.lines
        ? l.lines.map((n) => n.replace(/\[.*/, "")).join(";") : null);
      if (stack.includes(null)) continue;
      const key = stack.toReversed().join(";");
      golden[key] = (golden[key] ?? 0) + Number(one.values);
    }
    const stacks = Object.fromEntries(stacksOf(got.names, levelsOf(got)));
    is(`${file} ${s.profile_type}: stacks with names`,
      Object.fromEntries(Object.keys(golden).map((k) => [k, stacks[k]])),
      golden);
  }
}
const small = (extra) => JSON.stringify({ resourceProfiles: [{
  resource: { attributes: [{ key: "service.name",
    value: { stringValue: "otlp.json" } }] },
  scopeProfiles: [{ profiles: [{ sampleType: { typeStrindex: 1,
    unitStrindex: 2 }, period_type: { typeStrindex: 1, unitStrindex: 3 },
    samples: [{ stackIndex: 1, values: ["7", 1] }], ...extra }] }] }],
  dictionary: { stringTable: ["", "otlp_test", "count", "samples", "main"],
    functionTable: [{}, { nameStrindex: 4 }],
    locationTable: [{}, { lines: [{ functionIndex: 1 }] }],
    stackTable: [{}, { locationIndices: [1] }] } });
let reply = await call(url, "/v1development/profiles", json, small({}));
is("OTLP JSON: status and empty protobuf", [reply.status, reply.type,
  reply.bytes.length], [200, "application/x-protobuf", 0]);
let got = await flamegraph("otlp_test:otlp_test:count:otlp_test:samples",
  "otlp.json");
is("OTLP JSON: stacks", stacksOf(got.names, levelsOf(got)), [["main", 8]]);
for (const [what, type, body, status, says] of [
  ["another type", "text/plain", "", 415, "Content-Type must be"],
  ["an unknown field", json, small({ nothing: 1 }), 400,
    "resourceProfiles[0].scopeProfiles[0].profiles[0].nothing"],
  ["an index past its table", json,
    small({ samples: [{ stackIndex: 9, values: [1] }] }), 400,
    "dictionary.stack_table"],
  ["no protobuf", "application/x-protobuf", "\x0a\xff", 400, "protobuf"],
]) {
  reply = await call(url, "/v1development/profiles", type, body);
  is(`OTLP, ${what}: status`, reply.status, status);
  ok(`OTLP, ${what}: says where`, reply.bytes.toString().includes(says),
    reply.bytes);
}

// ---- one push in three forms ------------------------------------------------------------

const want = load("push/basic.expected.json");
for (const [file, type, encoding] of [
  ["basic.request.proto.bin", "application/proto"],
  ["basic.request.proto.bin.gz", "application/proto", "gzip"],
  ["basic.request.json", "application/json"]]) {
  const reply = await call(url, "/push.v1.PusherService/Push", type,
    readFileSync(`${fixtures}/push/${file}`),
    encoding ? { "content-encoding": encoding } : {});
  is(`push ${file}: status`, reply.status, want.status);
}
const matchers = [want.selector];
const names = (await ask("LabelNames", { ...all, matchers })).names;
is("push: label names", names, want.label_names_without_utf8_capability);
const more = (await ask("LabelNames", { ...all, matchers },
  { accept: "*/*;allow-utf8-labelnames=true" })).names;
is("push: label names of clients that take UTF-8",
  more.filter((n) => !names.includes(n)),
  want.label_names_extra_with_utf8_capability);
const cpu = await flamegraph("process_cpu:cpu:nanoseconds:cpu:nanoseconds",
  "push-fixture");
is("push: names", cpu.names, want.flamegraph_cpu.names);
// The same profile came up to three times.
const times = Number(cpu.total) / want.flamegraph_cpu.total;
is("push: levels", levelsOf(cpu).map((l) =>
  l.map((v, i) => (i % 4 === 3 ? v : v / times))),
  want.flamegraph_cpu.levels);

is("the server ends in order", await server.stop(), 0);
done();
