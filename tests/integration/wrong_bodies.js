// A wrong body of each format gets a 4xx and a sentence that names the place:
// a table of bodies, the status and what the sentence must hold.
import { gzipSync } from "node:zlib";
import { done, is, ok, startServer } from "./client.js";

const server = await startServer("--ingest-window", "off");
const bytes = (...parts) => Buffer.concat(parts.map((p) =>
  (typeof p === "number" ? Buffer.of(p) : Buffer.from(p))));
const hex = (text) => Buffer.from(text.replaceAll(" ", ""), "hex");

function form(parts) {
  const all = new FormData();
  for (const [name, body] of Object.entries(parts))
    all.set(name, new Blob([body]), name);
  return all;
}

// ---- pieces of bodies ------------------------------------------------------------

// A Profile by its fields: sample types, samples, functions and locations,
// strings.
const type = "0a04 08011002";
const sample = "1206 0a0101 120107";
const tables = "2a04 08011003 2206 080122020801";
const strings = "3200 3203637075 320b6e616e6f7365636f6e6473 320166";
const pprof = (...fields) => hex(fields.join(""));
const goodPprof = pprof(type, sample, tables, strings);

const speedscope = (profile, frames = [{ name: "f" }]) => JSON.stringify({
  $schema: "https://www.speedscope.app/file-format-schema.json",
  shared: { frames }, profiles: [profile] });
const sampled = { type: "sampled", name: "", unit: "none", startValue: 0,
  endValue: 1, samples: [[0]], weights: [1] };
const evented = (...events) => ({ type: "evented", name: "", unit: "none",
  startValue: 0, endValue: 9, events: events.map(([kind, at, frame]) =>
    ({ type: kind, at, frame })) });

// The header of a chunk of a recording: 68 bytes, big-endian.
function recording({ magic = "FLR\0", major = 2, size = 68n, metadata = 68n,
  features = 1, rest = [] }) {
  const head = Buffer.alloc(68);
  head.write(magic, 0, "latin1");
  head.writeUInt16BE(major, 4);
  head.writeBigInt64BE(size, 8);
  head.writeBigInt64BE(metadata, 24);
  head.writeBigInt64BE(1000000000n, 56);
  head.writeInt32BE(features, 64);
  return bytes(head, rest);
}

// With metadata that have one string and one element without anything.
const empty = recording({ size: 83n,
  rest: hex("0f 00 00 00 00 01 03 04 726f6f74 00 00 00") });

const otlp = (profile, dictionary = {}) => JSON.stringify({
  resourceProfiles: [{ scopeProfiles: [{ profiles: [{
    sampleType: { typeStrindex: 1, unitStrindex: 2 },
    samples: [{ stackIndex: 1, values: [1] }], ...profile }] }] }],
  dictionary: { stringTable: ["", "cpu", "count", "f"],
    functionTable: [{}, { nameStrindex: 3 }],
    locationTable: [{}, { lines: [{ functionIndex: 1 }] }],
    stackTable: [{}, { locationIndices: [1] }], ...dictionary } });

const push = (series) => JSON.stringify({ series: [series] });
const labels = [{ name: "__name__", value: "process_cpu" },
  { name: "service_name", value: "wrong" }];

// ---- the doors ---------------------------------------------------------------------

const ingest = (format) => (body) => fetch(
  `${server.url}/ingest?name=wrong.cpu&format=${format}`,
  { method: "POST", body });
const typed = (path, contentType) => (body) => fetch(server.url + path,
  { method: "POST", body, headers: { "content-type": contentType } });
const adhoc = (name) => (body) => fetch(
  `${server.url}/adhocprofiles.v1.AdHocProfileService/Upload`,
  { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ name,
      profile: Buffer.from(body).toString("base64") }) });

const doors = {
  groups: ingest("groups"),
  lines: ingest("lines"),
  trie: ingest("trie"),
  tree: ingest("tree"),
  speedscope: ingest("speedscope"),
  pprof: ingest("pprof"),
  "pprof in a form": ingest(""),
  jfr: ingest("jfr"),
  "Push as JSON": typed("/push.v1.PusherService/Push", "application/json"),
  "Push as protobuf": typed("/push.v1.PusherService/Push",
    "application/proto"),
  "OTLP as JSON": typed("/v1development/profiles", "application/json"),
  "OTLP as protobuf": typed("/v1development/profiles",
    "application/x-protobuf"),
  "folded file": adhoc("a.folded"),
  "perf script": adhoc("a.perf"),
  "flame graph": adhoc("a.json"),
};

const table = [
  ["groups", "a count that is a word", "a;b 1\na;c x\n", 422, "line 2"],
  ["groups", "no UTF-8", bytes("a 1\n", 0xff, " 1\n"), 422, "line 2"],
  ["groups", "an endless line", `a 1\nb 1\n${"f".repeat(2000000)} 1\n`, 422,
    "line 3"],
  ["lines", "no UTF-8", bytes("a;b\na;", 0xfe, "\n"), 422, "line 2"],
  ["trie", "a name past the end", hex("0000 01 05 6162"), 422,
    "node 1 (byte "],
  ["trie", "children past the end", hex("0000 01 01 61 01 02"), 422,
    "node 2 (byte "],
  ["tree", "no number of children", hex("0000 01 01 61 01"), 422,
    "node 1 (byte "],
  ["tree", "an endless number", hex("0000 ffffffffffffffffffff ff"), 422,
    "byte 2"],
  ["speedscope", "no JSON", '{"profiles": [', 422,
    "line 1, column 14"],
  ["speedscope", "a frame without a name", speedscope(sampled, [{}]), 422,
    "shared.frames[0].name"],
  ["speedscope", "an unknown type", speedscope({ ...sampled, type: "x" }),
    422, "profiles[0].type"],
  ["speedscope", "a frame that is not there",
    speedscope({ ...sampled, samples: [[7]] }), 422,
    "profiles[0].samples[0][0]"],
  ["speedscope", "fewer weights than samples",
    speedscope({ ...sampled, weights: [] }), 422, "profiles[0].samples"],
  ["speedscope", "a negative weight",
    speedscope({ ...sampled, weights: [-1] }), 422, "profiles[0].weights[0]"],
  ["speedscope", "a frame closed that is not open",
    speedscope(evented(["O", 0, 0], ["C", 1, 0], ["C", 2, 0])), 422,
    "profiles[0].events[2]"],
  ["pprof", "a length past the end", hex("0a64 08"), 422, "byte "],
  ["pprof", "a number that does not end", hex(`09${"ff".repeat(11)}`), 422,
    "byte "],
  ["pprof", "a type without a string",
    pprof("0a04 08631002", sample, tables, strings), 422, "sample type"],
  ["pprof", "a place that is not there",
    pprof(type, "1206 0a014d 120107", tables, strings), 422, "location"],
  ["pprof", "two values for one type",
    pprof(type, "1207 0a0101 12020707", tables, strings), 422, "sample value"],
  ["pprof", "half of a gzip", gzipSync(goodPprof).subarray(0, 30), 422, "gzip"],
  ["pprof in a form", "a configuration that is no JSON",
    form({ profile: goodPprof, sample_type_config: "{" }), 422,
    "sample_type_config"],
  ["pprof in a form", "the profile before it, too",
    form({ profile: goodPprof, prev_profile: goodPprof }), 422, "prev_profile"],
  ["jfr", "another magic", recording({ magic: "FLX\0" }), 422, "byte 0"],
  ["jfr", "another version", recording({ major: 9 }), 422, "byte 4"],
  ["jfr", "a size past the end", recording({ size: 1n << 40n }), 422,
    "byte 8"],
  ["jfr", "no metadata", recording({ metadata: 0n }), 422, "byte 24"],
  ["jfr", "metadata that are not", recording({ size: 72n,
    rest: hex("04 01 00 00") }), 422, "byte 68"],
  ["jfr", "half of a gzip",
    gzipSync(recording({})).subarray(0, 25), 422, "gzip"],
  ["jfr", "no file in the form", form({ labels: "" }), 422, '"jfr"'],
  ["jfr", "labels that are none",
    form({ jfr: empty, labels: hex("0aff") }), 422, '"labels"'],
  ["Push as JSON", "cut", '{"series":[', 400,
    "line 1, column 11"],
  ["Push as JSON", "series that are no list", '{"series":{}}', 400, "series"],
  ["Push as JSON", "a label without a name",
    push({ labels: [...labels, { name: "", value: "1" }],
      samples: [{ rawProfile: goodPprof.toString("base64") }] }), 400,
    "series with index 0"],
  ["Push as JSON", "no base64",
    push({ labels, samples: [{ rawProfile: "!" }] }), 400, "rawProfile"],
  ["Push as JSON", "no profile inside", push({ labels,
    samples: [{ rawProfile: Buffer.from("x").toString("base64") }] }), 400,
  "byte "],
  ["Push as protobuf", "a series cut short", hex("0a50 0a0a0a01"), 400,
    "byte "],
  ["OTLP as JSON", "cut", '{"resourceProfiles":', 400,
    "line 1, column 20"],
  ["OTLP as JSON", "an unknown field", otlp({ nothing: 1 }), 400,
    "resourceProfiles[0].scopeProfiles[0].profiles[0].nothing"],
  ["OTLP as JSON", "a stack that is not there",
    otlp({ samples: [{ stackIndex: 7, values: [1] }] }), 400,
    "dictionary.stack_table"],
  ["OTLP as JSON", "a string that is not there",
    otlp({}, { functionTable: [{}, { nameStrindex: 9 }] }), 400,
    "string 9 of dictionary.string_table"],
  ["OTLP as protobuf", "cut", hex("0aff"), 400, "byte "],
  ["folded file", "a count that is a word", "a;b 1\na;c x\n", 400, "line 2"],
  ["perf script", "neither head nor frame",
    "a 1 1.0: 1 cycles:\n\tffff main (/bin/a)\nnonsense here\n\n", 400,
    "line 3"],
  ["flame graph", "a level of three numbers", JSON.stringify({
    version: 1, metadata: { format: "single", units: "samples" },
    flamebearer: { names: ["total"], levels: [[0, 1, 0]], numTicks: 1,
      maxSelf: 0 } }), 400, "level 0"],
];

is("the profile that is changed below is a good one",
  (await doors.pprof(goodPprof)).status, 200);
is("so is the recording", (await doors.jfr(form({ jfr: empty }))).status, 200);
for (const [format, what, body, status, place] of table) {
  const reply = await doors[format](body);
  const text = await reply.text();
  is(`${format}, ${what}: status`, reply.status, status);
  let message = "";
  try {
    message = JSON.parse(text).message;
  } catch { /* no sentence */ }
  ok(`${format}, ${what}: names "${place}"`,
    message.includes(place) && / /.test(message), text);
}

const stored = await (await fetch(`${server.url}/metrics`)).text();
ok("nothing else was stored",
  /^flamekit_profiles_stored_total 1$/m.test(stored),
  ...(stored.match(/^flamekit_profiles_stored.*$/mg) ?? []));
is("the server ends in order", await server.stop(), 0);
done();
