// What Push refuses (14), with the words of Pyroscope, and what it cuts.
import { call, done, is, ok } from "./client.js";
import { all, ask, cpu, json, now, pprof, push, server, url } from "./wire.js";

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

is("the server ends in order", await server.stop(), 0);
done();
