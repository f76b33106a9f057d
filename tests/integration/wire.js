// What the tests of the wire share: a server with five series of one service,
// and how to ask it. What is tested is in wire_*.js, a table a subject.
import { request } from "node:http";
import { call, encode, is, startServer } from "./client.js";

export const server = await startServer("--engine",
  process.env.FLAMEKIT_ENGINE || "sqlite");
export const { url } = server;
export const json = "application/json";
export const proto = "application/proto";
export const querier = "/querier.v1.QuerierService/";
export const now = Date.now();
export const all = { start: now - 3600000, end: now + 600000 };

// Status, headers and text of anything, with lists of headers as they are.
export function send(method, path, headers = {}, body = undefined) {
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

export async function ask(method, body, headers) {
  const reply = await call(url, querier + method, json,
    typeof body === "string" ? body : JSON.stringify(body), headers);
  return { status: reply.status, text: reply.bytes.toString(),
    body: JSON.parse(reply.bytes) };
}

// ---- profiles to ask for ----------------------------------------------------------

// lines: [stack root first, { label: value }, value]; of one sample type.
export function pprof(lines, { types = [["cpu", "nanoseconds"]], timeMs = now - 60000,
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

export function push(labels, profile, id) {
  const pairs = Array.isArray(labels) ? labels : Object.entries(labels);
  return call(url, "/push.v1.PusherService/Push", json, JSON.stringify({
    series: [{ labels: pairs.map(([name, value]) => ({ name, value })),
      samples: [{ ID: id, rawProfile: profile.toString("base64") }] }] }));
}

export const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
export const shop = (more) => ({ __name__: "process_cpu", service_name: "shop",
  ...more });
for (const [labels, value] of [
  [{ region: "eu", "otel.scope.name": "x" }, 1], [{ region: "us" }, 2],
  [{ region: "us.east" }, 4], [{}, 8], [{ pod: "ümläut" }, 16]])
  is(`pushed ${value}`, (await push(shop(labels),
    pprof([[["main"], {}, value]]))).status, 200);

export async function total(selector, extra) {
  const { status, body } = await ask("SelectMergeStacktraces", {
    profileTypeID: cpu, labelSelector: selector, ...all, ...extra });
  return status === 200 ? Number(body.flamegraph.total ?? 0) : status;
}
