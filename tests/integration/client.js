// What the JavaScript integration tests share: a server of their own, TAP,
// and protobuf by hand, so that the server is not checked with its own code.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

let count = 0;
let failed = 0;

export function ok(what, passed, ...why) {
  count++;
  console.log(`${passed ? "ok" : "not ok"} ${count} - ${what}`);
  if (passed) return;
  failed++;
  for (const text of why)
    for (const line of String(text).split("\n")) console.log(`#   ${line}`);
}

export function is(what, got, want) {
  const show = (v) =>
    JSON.stringify(v, (_, x) => (typeof x === "bigint" ? `${x}` : x));
  ok(what, isDeepStrictEqual(got, want), `got:  ${show(got)}`,
    `want: ${show(want)}`);
}

export function skip(what, why) {
  console.log(`ok ${++count} - ${what} # SKIP ${why}`);
}

export function done() {
  console.log(`1..${count}`);
  process.exitCode = failed ? 1 : 0;
}

// A server on a free port; `url` when it is ready.
export async function startServer(...args) {
  const build = process.env.FK_BUILD || `build/${process.env.MODE || "release"}`;
  const bin = process.env.FLAMEKIT_BIN || `${build}/bin`;
  const data = mkdtempSync(join(tmpdir(), "flamekit-test."));
  const child = spawn(`${bin}/flamekit-server`,
    ["--listen", "127.0.0.1:0", "--data", data, ...args],
    { stdio: ["ignore", "pipe", "inherit"] });
  // A test that fails in the middle leaves nothing behind.
  process.on("exit", () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  });
  const url = await new Promise((resolve, reject) => {
    let out = "";
    child.stdout.on("data", (bytes) => {
      out += bytes;
      const ready = /^ready (\S+)$/m.exec(out);
      if (ready) resolve(ready[1]);
    });
    child.on("exit", (code) =>
      reject(new Error(`the server ended with ${code}`)));
  });
  const stop = () => new Promise((resolve) => {
    child.removeAllListeners("exit");
    child.on("exit", (code) => {
      rmSync(data, { recursive: true, force: true });
      resolve(code);
    });
    child.kill("SIGTERM");
  });
  return { url, stop };
}

// ---- protobuf ----------------------------------------------------------------

function varint(value) {
  const out = [];
  let v = BigInt.asUintN(64, BigInt(value));
  do {
    out.push(Number(v & 0x7fn) | (v > 0x7fn ? 0x80 : 0));
    v >>= 7n;
  } while (v);
  return Buffer.from(out);
}

// Fields in order: [number, value]; a value is an integer, { double }, a
// string, bytes, or an array of fields for a nested message.
export function encode(fields) {
  return Buffer.concat(fields.flatMap(([number, value]) => {
    if (typeof value === "number" || typeof value === "bigint")
      return [varint(number << 3), varint(value)];
    if (value.double !== undefined) {
      const eight = Buffer.alloc(8);
      eight.writeDoubleLE(value.double);
      return [varint((number << 3) | 1), eight];
    }
    const bytes = Array.isArray(value) ? encode(value) : Buffer.from(value);
    return [varint((number << 3) | 2), varint(bytes.length), bytes];
  }));
}

function readVarint(bytes, at) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const b = bytes[at++];
    if (b === undefined || shift > 63n) throw new Error("broken varint");
    value |= BigInt(b & 0x7f) << shift;
    if (b < 0x80) return [value, at];
  }
}

// { number: [values] }: BigInt, double or bytes.
export function decode(bytes) {
  const out = {};
  for (let at = 0, key, value; at < bytes.length; ) {
    [key, at] = readVarint(bytes, at);
    const wire = Number(key & 7n);
    if (wire === 0) [value, at] = readVarint(bytes, at);
    else if (wire === 1) {
      value = bytes.readDoubleLE(at);
      at += 8;
    } else if (wire === 2) {
      let n;
      [n, at] = readVarint(bytes, at);
      value = bytes.subarray(at, at + Number(n));
      at += Number(n);
      if (at > bytes.length) throw new Error("a field passes the end");
    } else throw new Error(`wire type ${wire}`);
    (out[key >> 3n] ??= []).push(value);
  }
  return out;
}

export function packed(bytes) {
  const out = [];
  for (let at = 0, v; at < bytes.length; out.push(BigInt.asIntN(64, v)))
    [v, at] = readVarint(bytes, at);
  return out;
}

export const texts = (list) => (list || []).map((b) => b.toString("utf8"));

// Stacks of a plain pprof by function name, root first, of one of its types;
// a location without functions is its address, and functions of a script have
// its file before their name.
export function stacksOfProfile(bytes, index = 0, spy = "") {
  const p = decode(bytes);
  const strings = texts(p[6]);
  const text = (field) => strings[Number(field?.[0] ?? 0)];
  const names = new Map((p[5] ?? []).map(decode).map((f) => [f[1][0],
    (spy === "scripting" ? `${text(f[4])} ` : "") + text(f[2])]));
  const at = new Map(p[4].map(decode).map((l) => [l[1][0],
    l[4]?.map(decode).map((n) => names.get(n[1][0])).toReversed()
      ?? [(l[3]?.[0] ?? 0n).toString(16)]]));
  const all = {};
  const numbers = (list) => (list ?? []).flatMap(
    (v) => (typeof v === "bigint" ? v : packed(v)));
  for (const one of p[2].map(decode)) {
    const value = Number(numbers(one[2])[index]);
    if (!value) continue;
    const key = numbers(one[1]).toReversed().flatMap((id) => at.get(id))
      .join(";");
    all[key] = (all[key] ?? 0) + value;
  }
  return Object.entries(all).toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
}

// ---- requests ----------------------------------------------------------------

export async function call(url, path, type, body, headers = {}) {
  const reply = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": type, ...headers },
    body,
  });
  const bytes = Buffer.from(await reply.arrayBuffer());
  return { status: reply.status, type: reply.headers.get("content-type"),
    bytes };
}

// Values of a flame graph's levels as numbers, whatever the codec.
export const levelsOf = (flamegraph) =>
  (flamegraph.levels || []).map((l) => (l.values || []).map(Number));

// [["a;b", 12], ...] from levels of one side, sorted.
export function stacksOf(names, levels) {
  const out = [];
  let above = [];
  for (const values of levels) {
    const here = [];
    for (let i = 0, x = 0; i < values.length; i += 4) {
      x += values[i];
      const [, total, self, name] = values.slice(i, i + 4);
      const parent = above.find((p) => x >= p.x && x + total <= p.x + p.total
        && total > 0);
      const path = parent ? [...parent.path, names[name]] : [];
      here.push({ x, total, path });
      if (self > 0) out.push([path.join(";"), self]);
      x += total;
    }
    above = here;
  }
  return out.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}
