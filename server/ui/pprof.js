/**
 * Reads pprof's protobuf (already unpacked) into stacks. Never trusts it:
 * every length and index is checked. Pure.
 */

const MOST = 4e6;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  get more() {
    return this.at < this.bytes.length;
  }
  fail(what) {
    throw new Error(`This is no pprof file I can read: ${what} at byte ${this.at}.`);
  }
  /** Up to 2^53; what is larger or negative loses its lowest bits. */
  varint() {
    let [v, scale] = [0, 1];
    for (let i = 0; i < 10; i++) {
      if (!this.more) this.fail("a number is cut off");
      const b = this.bytes[this.at++];
      v += (b & 127) * scale;
      if (b < 128) return v;
      scale *= 128;
    }
    return this.fail("a number is too long");
  }
  slice() {
    const length = this.varint();
    const from = this.at;
    if (length > this.bytes.length - from) this.fail("a field is longer than the file");
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }
  /** Calls the field's reader, or skips the field. @param {Record<number, (r: Reader) => void>} fields */
  read(fields) {
    while (this.more) {
      const key = this.varint();
      const [number, kind] = [Math.floor(key / 8), key % 8];
      if (fields[number] && (kind === 0 || kind === 2)) fields[number](this, kind);
      else if (kind === 0) this.varint();
      else if (kind === 2) this.slice();
      else if (kind === 1 || kind === 5) this.at += kind === 1 ? 8 : 4;
      else this.fail("an unknown kind of field");
    }
  }
}

/** Numbers, packed or one by one. */
const numbers = (list) => (r, kind) => {
  if (kind === 0) {
    list.push(r.varint());
    return;
  }
  const inner = new Reader(r.slice());
  while (inner.more) list.push(inner.varint());
};
const message = (list, make) => (r) => {
  if (list.length >= MOST) r.fail("too many entries");
  const out = make();
  new Reader(r.slice()).read(out.fields);
  delete out.fields;
  list.push(out);
};
const into = (out, key) => (r, kind) => (out[key] = kind === 0 ? r.varint() : (r.slice(), 0));
const record = (...keys) => () => {
  const out = { fields: {} };
  for (const [number, key] of keys) out.fields[number] = into(out, key);
  return out;
};

function sample() {
  const out = { locations: [], values: [] };
  out.fields = { 1: numbers(out.locations), 2: numbers(out.values) };
  return out;
}

function location() {
  const out = { id: 0, address: 0, lines: [] };
  out.fields = { 1: into(out, "id"), 3: into(out, "address"), 4: message(out.lines, record([1, "functionId"], [2, "line"])) };
  return out;
}

/** The frames of a location, outermost first: inlined callers are its last lines. */
function framesOf(one, functions, strings) {
  const names = one.lines.map(({ functionId }) => strings[functions.get(functionId)?.name]).filter((n) => n !== undefined);
  return names.length ? names.reverse() : [`0x${one.address.toString(16)}`];
}

/** Self and total of each line of a function; a stack that passes a line twice counts once. */
function linesOf(name, samples, lines, strings) {
  const sums = new Map();
  for (const { locations, values } of samples) {
    const seen = new Set();
    locations.flatMap((id) => lines.get(id) ?? []).forEach(({ fn, line }, depth) => {
      if (strings[fn?.name] !== name) return;
      const file = strings[fn.file] ?? "";
      const key = `${file}:${line}`;
      const row = sums.get(key) ?? { file, line, self: 0, total: 0 };
      sums.set(key, row);
      row.self += depth === 0 ? values[0] : 0;
      row.total += seen.has(key) ? 0 : values[0];
      seen.add(key);
    });
  }
  return [...sums.values()].sort((a, b) => b.total - a.total);
}

/**
 * @param {Uint8Array} bytes
 * @returns {{types: {type: string, unit: string}[], stacks: (which: number) => [string[], number][],
 *   lines: (name: string) => {file: string, line: number, self: number, total: number}[]}} lines: of the first type
 */
export function readPprof(bytes) {
  const [types, samples, locations, functions, strings] = [[], [], [], [], []];
  const text = new TextDecoder();
  new Reader(bytes).read({
    1: message(types, record([1, "type"], [2, "unit"])), 2: message(samples, sample), 4: message(locations, location),
    5: message(functions, record([1, "id"], [2, "name"], [4, "file"])), 6: (r) => strings.push(text.decode(r.slice())),
  });
  if (!types.length || !strings.length) throw new Error("This is no pprof file I can read: it names no sample type.");
  const byId = new Map(functions.map((f) => [f.id, f]));
  const frames = new Map(locations.map((l) => [l.id, framesOf(l, byId, strings)]));
  const stackOf = (s) => s.locations.toReversed().flatMap((id) => frames.get(id) ?? ["[unknown]"]);
  return {
    types: types.map((t) => ({ type: strings[t.type] ?? "", unit: strings[t.unit] ?? "count" })),
    lines: (name) => linesOf(name, samples.filter((s) => s.values[0] > 0),
      new Map(locations.map((l) => [l.id, l.lines.map(({ functionId, line }) => ({ fn: byId.get(functionId), line }))])), strings),
    stacks: (which) => samples.filter((s) => s.values[which] > 0 && s.values[which] < 2 ** 63).map((s) => [stackOf(s), s.values[which]]),
  };
}
