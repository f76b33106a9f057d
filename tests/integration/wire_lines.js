// Files and lines of source: what a client sends is kept and shown, also by
// the server that is started after this one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, decode, done, encode, is, stacksOf, startServer, texts }
  from "./client.js";

const data = mkdtempSync(join(tmpdir(), "flamekit-lines."));
process.on("exit", () => rmSync(data, { recursive: true, force: true }));
const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const now = Date.now();

// A frame is [name, file, line of the function, line of the place].
const frames = [
  ["main", "shop/main.c", 10, 42],
  ["total", "shop/cart.c", 100, 107],
  ["total", "shop/cart.c", 100, 131], // the same function at another place
  ["add", "shop/cart.c", 7, 9], // in line with the second `total`
  ["old", "", 5, 0], // as it comes of clients that know no place
];
// Locations, leaf first: the last one has two frames.
const locations = [[0], [1], [3, 2], [4]];
const samples = [[[2, 1], 1], [[3, 1], 2], [[4, 1], 4]];

const strings = ["", "cpu", "nanoseconds",
  ...new Set(frames.flatMap(([name, file]) => [name, file]).filter(Boolean))];
const string = (s) => strings.indexOf(s);
const pair = [[1, 1], [2, 2]];
const functions = [...new Map(frames.map((f) => [f[0], f])).values()];
const profile = encode([[1, pair],
  ...samples.map(([stack, value]) =>
    [2, [...stack.map((id) => [1, id]), [2, value]]]),
  ...locations.map((lines, i) => [4, [[1, i + 1], ...lines.map((k) =>
    [4, [[1, functions.findIndex((f) => f[0] === frames[k][0]) + 1],
      [2, frames[k][3]]]])]]),
  ...functions.map((f, i) => [5, [[1, i + 1], [2, string(f[0])],
    [4, string(f[1])], [5, f[2]]]]),
  ...strings.map((s) => [6, s]), [9, BigInt(now) * 1000000n], [11, pair]]);

// "name file:line" of each frame, root first, and the value.
function stacksWithLines(bytes) {
  const p = decode(bytes);
  const names = texts(p[6]);
  const text = (field) => names[Number(field?.[0] ?? 0)];
  const known = new Map(p[5].map(decode).map((f) => [f[1][0], f]));
  const places = new Map(p[4].map(decode).map((l) => [l[1][0],
    l[4].map(decode).map((line) => {
      const f = known.get(line[1][0]);
      return `${text(f[2])} ${text(f[4])}:${line[2]?.[0] ?? 0}`;
    })]));
  const ids = (list) => list.flatMap((v) => typeof v === "bigint" ? v : [...v]
    .map(BigInt)); // packed, of less than 128
  return p[2].map(decode).map((s) => [ids(s[1])
    .flatMap((id) => places.get(id)).toReversed().join(";"),
  Number(ids(s[2])[0])]).toSorted((a, b) => a[1] - b[1]);
}

const want = [
  ["main shop/main.c:42;total shop/cart.c:107", 1],
  ["main shop/main.c:42;total shop/cart.c:131;add shop/cart.c:9", 2],
  // Without a line of its own a place is where its function begins.
  ["main shop/main.c:42;old :5", 4],
];

async function shown(url, what) {
  const select = { profileTypeID: cpu, labelSelector: "{}",
    start: now - 60000, end: now + 60000 };
  const json = "application/json";
  const querier = "/querier.v1.QuerierService/";
  const range = [[1, cpu], [2, "{}"], [3, select.start], [4, select.end]];
  const merged = await call(url, `${querier}SelectMergeProfile`,
    "application/proto", encode(range));
  is(`${what}: in a merged profile`, stacksWithLines(merged.bytes), want);
  const graph = await call(url, `${querier}SelectMergeStacktraces`, json,
    JSON.stringify(select));
  const { names, levels } = JSON.parse(graph.bytes).flamegraph;
  is(`${what}: both places of a function are one in a flame graph`,
    stacksOf(names, levels.map((l) => l.values.map(Number))), [
      ["main;old", 4], ["main;total", 1], ["main;total;add", 2]]);
}

let server = await startServer("--data", data);
is("pushed", (await call(server.url, "/push.v1.PusherService/Push",
  "application/json", JSON.stringify({ series: [{ labels: [
    { name: "__name__", value: "process_cpu" },
    { name: "service_name", value: "lines" }],
  samples: [{ rawProfile: profile.toString("base64") }] }] }))).status, 200);
await shown(server.url, "kept in memory");
is("the server ends in order", await server.stop(), 0);
server = await startServer("--data", data);
await shown(server.url, "read from the disk");
is("and again", await server.stop(), 0);
done();
