// Bodies of real clients and files, and what is in them by an independent
// reading: all stacks of all types, where query_conformance.js compares totals
// and numbers of stacks.
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { call, done, is, levelsOf, stacksOf, stacksOfProfile, startServer }
  from "./client.js";

const fixtures = "../shared/fixtures";
if (!existsSync(fixtures)) {
  console.log(`1..0 # SKIP ${fixtures} is not there`);
  process.exit(0);
}
const read = (name) => readFileSync(`${fixtures}/${name}`);
const plain = (bytes) =>
  (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
const server = await startServer("--ingest-window", "off");
const all = { start: 1, end: Date.now() + 3600000 };

async function ask(path, body) {
  const reply = await call(server.url, path, "application/json",
    JSON.stringify(body));
  if (reply.status !== 200) throw new Error(`${path}: ${reply.bytes}`);
  return JSON.parse(reply.bytes);
}
const querier = (method, body) =>
  ask(`/querier.v1.QuerierService/${method}`, { ...all, ...body });

async function stored(service, profileTypeID) {
  const { flamegraph } = await querier("SelectMergeStacktraces", {
    profileTypeID, maxNodes: 1048576,
    labelSelector: `{service_name=${JSON.stringify(service)}}` });
  return flamegraph ? stacksOf(flamegraph.names, levelsOf(flamegraph)) : [];
}

// ---- pprof of every SDK ----------------------------------------------------------

const byStack = (a, b) => (a[0] < b[0] ? -1 : 1);

for (const [i, c] of JSON.parse(read("expectations.json")).pprof.entries()) {
  if (!c.series?.length) continue;
  const body = read(c.file);
  const form = new FormData();
  form.set("profile", new Blob([body]), "profile.pprof");
  if (c.sample_type_config)
    form.set("sample_type_config", new Blob([read(c.sample_type_config)]),
      "config.json");
  const name = `pprof${i}`;
  await fetch(`${server.url}/ingest?${new URLSearchParams({ name,
    spyName: c.spyName ?? "" })}`, { method: "POST", body: form });
  for (const s of c.series)
    is(`${c.file} ${s.profile_type}: stacks`,
      await stored(name, s.profile_type),
      stacksOfProfile(plain(body), s.sample_type_index, c.spyName));
}
const counts = read("golden/cpu.pprof.folded.txt").toString().trim()
  .split("\n").map((l) => /^(.*) (\d+)$/.exec(l))
  .map(([, stack, n]) => [stack, Number(n)]);
is("pprof/cpu.pb.gz: the golden stacks",
  stacksOfProfile(plain(read("pprof/cpu.pb.gz"))), counts.toSorted(byStack));

// ---- counts become time by the sample rate -------------------------------------------

const rates = JSON.parse(read("golden/golden.json")).ingest_sample_rate;
for (const [i, [sampleRate, hertz]] of Object.entries(rates).entries()) {
  await fetch(`${server.url}/ingest?${new URLSearchParams({
    name: `rate${i}.cpu`, sampleRate })}`, { method: "POST", body: "a 97" });
  is(`sampleRate=${sampleRate}`, await stored(`rate${i}`, hertz
    ? "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
    : "process_cpu:samples:count::"),
  [["a", hertz ? 97 * Math.floor(1e9 / hertz) : 97]]);
}

// ---- a captured request of @pyroscope/nodejs ----------------------------------------

const request = read("captured/nodejs-0.6.4-wall.request.txt").toString();
const [head, ...headers] = request.trim().split("\n");
const captured = read("captured/nodejs-0.6.4-wall.body.bin");
const contentType = headers.map((h) => h.split(": ")).filter(
  ([name]) => name === "content-type");
const reply = await fetch(server.url + head.split(" ")[1],
  { method: "POST", body: captured, headers: Object.fromEntries(contentType) });
is("captured: status", reply.status, 200);
const [{ labels }] = (await querier("Series",
  { matchers: ['{service_name="node.fixture"}'] })).labelsSet;
const value = (name) => labels.find((l) => l.name === name)?.value;
is("captured: labels of the name", [value("region"), value("env"),
  value("pyroscope_spy")], ["eu", "test", "nodespy"]);
const types = (await querier("LabelValues", { name: "__profile_type__",
  matchers: ['{service_name="node.fixture"}'] })).names;
const three = ["samples:count", "wall:nanoseconds", "cpu:nanoseconds"].map(
  (t) => `wall:${t}:wall:nanoseconds`);
is("captured: types", types.toSorted(), three.toSorted());
for (const [index, type] of three.entries())
  is(`captured ${type}: stacks`, await stored("node.fixture", type),
    stacksOfProfile(plain(captured), index));

// ---- files to look at -----------------------------------------------------------------

async function looked(name) {
  const { flamebearerProfile, profileTypes } = await ask(
    "/adhocprofiles.v1.AdHocProfileService/Upload", { name, maxNodes: 1048576,
      profile: read(`flamebearer/${name}`).toString("base64") });
  const { flamebearer } = JSON.parse(flamebearerProfile);
  return { profileTypes, total: flamebearer.numTicks,
    stacks: stacksOf(flamebearer.names, flamebearer.levels) };
}

const { flamebearer } = JSON.parse(read("flamebearer/profile.json"));
let file = await looked("profile.json");
is("a flame graph: total", file.total, flamebearer.numTicks);
is("a flame graph: stacks", file.stacks,
  stacksOf(flamebearer.names, flamebearer.levels));
file = await looked("cpu-unknown.pb.gz");
const unknown = stacksOfProfile(plain(read("flamebearer/cpu-unknown.pb.gz")), 0);
is("a profile: total", file.total, unknown.reduce((n, [, v]) => n + v, 0));
is("a profile: stacks", file.stacks, unknown);
is("the server ends in order", await server.stop(), 0);
done();
