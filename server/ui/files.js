/**
 * Profiles from files, whatever program wrote them: pprof, folded stacks,
 * `perf script`, speedscope and flamebearer JSON, told apart by content.
 * Everything happens in the browser; nothing is sent. Pure.
 */
import { decode } from "./flamebearer.js";
import { readPprof } from "./pprof.js";
import { fromStacks } from "./trie.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */
/** @typedef {{label: string, type: string, profile: () => Profile, counted: boolean}} View one number of a file; counted: it is a number of samples */
/** @typedef {{format: string, views: View[]}} Content */

export const MAX_FILE = 64 << 20;
const MAX_UNPACKED = 256 << 20;
const MAX_DEPTH = 2048;
const GZIP = [0x1f, 0x8b];
const SPEEDSCOPE_NS = { nanoseconds: 1, microseconds: 1e3, milliseconds: 1e6, seconds: 1e9 };

/** A type ID as the rest of the page knows them. */
const typeId = (type, unit) => ({ "cpu nanoseconds": "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
  "wall nanoseconds": "wall:wall:nanoseconds:wall:nanoseconds" })[`${type} ${unit}`] ?? `${type || "value"}:${type || "value"}:${unit || "count"}::`;

const view = (label, type, unit, stacks) => {
  let made = null;
  return { label, type: typeId(type, unit), counted: unit === "count" && /samples|count|value/.test(type),
    profile: () => (made ??= fromStacks(checked(stacks()))) };
};

function* checked(stacks) {
  let any = false;
  for (const stack of stacks) {
    any = true;
    yield stack[0].length > MAX_DEPTH ? [["[truncated]", ...stack[0].slice(-MAX_DEPTH)], stack[1]] : stack;
  }
  if (!any) throw new Error("There is no stack in this file.");
}

/** @param {Blob} blob @returns {Promise<Uint8Array>} */
async function unpacked(blob) {
  const reader = blob.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_UNPACKED) throw new Error(`Unpacked the file is larger than ${MAX_UNPACKED >> 20} MiB.`);
    parts.push(value);
  }
  const out = new Uint8Array(size);
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}

// ---- text formats ----------------------------------------------------------

/** Lines "main;work 12". @param {string} text */
function foldedStacks(text) {
  return text.split("\n").filter((l) => l.trim() && !l.startsWith("#")).map((line, i) => {
    const m = /^(.*?)\s+([\d.]+)\s*$/.exec(line);
    if (!m) throw new Error(`Line ${i + 1} is no folded stack: after the frames and a blank a number is expected.`);
    return [m[1].split(";"), Number(m[2])];
  });
}

/** A head line, then frames innermost first, then an empty line. @param {string} text */
function perfStacks(text) {
  const out = [];
  let [comm, frames] = ["", []];
  const flush = () => {
    if (frames.length) out.push([[comm, ...frames.reverse()], 1]);
    frames = [];
  };
  for (const line of text.split("\n")) {
    const frame = /^\s+[0-9a-f]+ (.+?)(?: \(([^()]*)\))?$/.exec(line);
    if (frame) {
      const name = frame[1].replace(/\+0x[0-9a-f]+$/, "");
      frames.push(name === "[unknown]" && frame[2] ? `[${frame[2].split("/").at(-1)}]` : name);
    } else if (line.trim() && !line.startsWith("#")) {
      flush();
      comm = (/^(\S.*?)\s+\d+/.exec(line)?.[1] ?? line).trim();
    } else flush();
  }
  flush();
  return out;
}

const isPerf = (text) => /^\S.*\s\d+.*:.*\n\s+[0-9a-f]{4,} /m.test(text.slice(0, 8192));

// ---- JSON formats ----------------------------------------------------------

function evented({ events, startValue = 0 }, nameOf) {
  const out = [];
  const stack = [];
  let last = startValue;
  for (const { type, at, frame } of events) {
    if (stack.length && at > last) out.push([stack.map(nameOf), at - last]);
    last = at;
    if (type === "O") stack.push(frame);
    else if (stack.pop() !== frame) throw new Error("This speedscope file closes a frame that is not open.");
  }
  return out;
}

function speedscope(doc) {
  const names = doc.shared?.frames?.map((f) => String(f.name));
  if (!names || !Array.isArray(doc.profiles)) throw new Error("This speedscope file has no frames or profiles.");
  const nameOf = (i) => names[i] ?? "[unknown]";
  return { format: "speedscope", views: doc.profiles.map((p, i) => {
    const scale = SPEEDSCOPE_NS[p.unit] ?? 1;
    const unit = SPEEDSCOPE_NS[p.unit] ? "nanoseconds" : p.unit === "bytes" ? "bytes" : "count";
    const raw = () => (p.type === "evented" ? evented(p, nameOf) : p.samples.map((s, k) => [s.map(nameOf), p.weights[k]]));
    return view(p.name || `profile ${i + 1}`, unit === "nanoseconds" ? "time" : "value", unit,
      () => raw().filter(([s, v]) => s.length && v > 0).map(([s, v]) => [s, v * scale]));
  }) };
}

function json(text) {
  let doc;
  try {
    doc = JSON.parse(text);
  } catch (e) {
    throw new Error(`This looks like JSON and is not: ${e.message}.`);
  }
  if (doc.shared && doc.profiles) return speedscope(doc);
  const fb = doc.flamebearer ?? doc;
  if (doc.metadata?.format === "double") throw new Error("This file is a diff already; drop its two sides instead.");
  if (!fb.names || !fb.levels) throw new Error("This JSON is neither speedscope's nor a flame graph's: drop pprof, folded stacks, perf script, speedscope or flamebearer JSON.");
  const { units = "count", name = "value" } = doc.metadata ?? {};
  const profile = decode(fb);
  return { format: "flamebearer", views: [{ label: name || "profile", type: typeId(name, units === "samples" && name === "cpu" ? "nanoseconds" : units), counted: false, profile: () => profile }] };
}

/** @param {Uint8Array} bytes @returns {Content} */
function pprof(bytes) {
  const { types, stacks } = readPprof(bytes);
  return { format: "pprof", views: types.map(({ type, unit }, i) => view(`${type} (${unit})`, type, unit, () => stacks(i))) };
}

/** @param {Uint8Array} bytes unpacked @returns {Content} */
export function readProfile(bytes) {
  if (!bytes.length) throw new Error("This file is empty.");
  const head = bytes.subarray(0, 512);
  if (String.fromCharCode(...head.subarray(0, 4)) === "FLR\0") throw new Error("This is a JFR file: convert it with `jfr print` or async-profiler's converter to folded stacks first.");
  const binary = head.some((b) => b < 9 || (b > 13 && b < 32 && b !== 27));
  if (binary) return pprof(bytes);
  const text = new TextDecoder().decode(bytes);
  if (/^\s*[{[]/.test(text)) return json(text);
  if (isPerf(text)) return { format: "perf script", views: [view("samples", "samples", "count", () => perfStacks(text))] };
  return { format: "folded", views: [view("samples", "samples", "count", () => foldedStacks(text))] };
}

/** Unpacked where it is gzip. @param {Blob} blob @returns {Promise<Uint8Array>} */
export async function bytesOf(blob) {
  const head = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const packed = GZIP.every((b, i) => head[i] === b);
  return packed ? unpacked(blob) : new Uint8Array(await blob.arrayBuffer());
}

/** @param {File} file @returns {Promise<Content>} */
export async function readFile(file) {
  if (file.size > MAX_FILE) throw new Error(`${file.name} is larger than ${MAX_FILE >> 20} MiB.`);
  return readProfile(await bytesOf(file));
}
