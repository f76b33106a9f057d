/**
 * The query text, `TYPE{name="value",...}`, and its parts. Chips and text are
 * two views of the same thing: parse and format are each other's inverse.
 */

/** @typedef {{name: string, op: "="|"!="|"=~"|"!~", value: string}} Matcher */
/** @typedef {{type: string, matchers: Matcher[], error?: {message: string, at: number}}} Query */

const PLAIN_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const OPS = ["=~", "!~", "!=", "="];
const ESCAPES = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

class Scanner {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }
  blanks() {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }
  take(token) {
    this.blanks();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }
  match(pattern) {
    this.blanks();
    const m = pattern.exec(this.text.slice(this.at));
    if (m) this.at += m[0].length;
    return m?.[0] ?? null;
  }
  fail(message) {
    throw Object.assign(new Error(message), { at: this.at });
  }
  /** A quoted string, or null when none starts here. */
  string() {
    this.blanks();
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'" && quote !== "`") return null;
    const start = this.at++;
    let out = "";
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at];
      if (c === quote) {
        this.at++;
        return out;
      }
      if (c === "\\" && quote !== "`") out += this.escape();
      else out += c;
    }
    this.at = start;
    return this.fail("this quote is never closed");
  }
  escape() {
    const c = this.text[++this.at] ?? "";
    if (c in ESCAPES) return ESCAPES[c];
    const hex = /^(?:x([0-9a-f]{2})|u([0-9a-f]{4}))/i.exec(this.text.slice(this.at));
    if (!hex) return this.fail(`\\${c} is no escape I know`);
    this.at += hex[0].length - 1;
    return String.fromCharCode(parseInt(hex[1] ?? hex[2], 16));
  }
}

function readMatcher(scan) {
  const name = scan.string() ?? scan.match(/^[a-zA-Z_][a-zA-Z0-9_.]*/);
  if (!name) scan.fail("a label name is expected here");
  const op = OPS.find((o) => scan.take(o));
  if (!op) scan.fail("one of = != =~ !~ is expected here");
  const value = scan.string();
  if (value === null) scan.fail('a value in quotes is expected here, such as "/primes"');
  return { name, op, value };
}

function readMatchers(scan) {
  const out = [];
  while (!scan.take("}")) {
    if (scan.at >= scan.text.length) scan.fail("the closing } is missing");
    out.push(readMatcher(scan));
    if (!scan.take(",") && scan.text[scan.at] !== "}") {
      scan.blanks();
      if (scan.text[scan.at] !== "}") scan.fail("a comma or } is expected here");
    }
  }
  return out;
}

/**
 * @param {string} text
 * @returns {Query} with `error` (position in characters) when it cannot be read
 */
export function parseQuery(text) {
  const scan = new Scanner(text);
  const type = scan.match(/^[^{}\s"',=]+/) ?? "";
  try {
    const matchers = scan.take("{") ? readMatchers(scan) : [];
    scan.blanks();
    if (scan.at < text.length) scan.fail("nothing is expected after }");
    return { type, matchers };
  } catch (e) {
    return { type, matchers: [], error: { message: e.message, at: e.at ?? scan.at } };
  }
}

function quoted(value) {
  return `"${value.replace(/[\\"\n\t\r]/g, (c) =>
    ({ "\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r" })[c])}"`;
}

/** @param {Matcher} m */
export function formatMatcher(m) {
  return `${PLAIN_NAME.test(m.name) ? m.name : quoted(m.name)}${m.op}${quoted(m.value)}`;
}

/** The `{...}` part alone, as the querier calls take it. @param {Matcher[]} matchers */
export function formatSelector(matchers) {
  return `{${matchers.map(formatMatcher).join(",")}}`;
}

/** @param {Query} q */
export function formatQuery(q) {
  return q.type + formatSelector(q.matchers);
}

/** The service a query is about, or "". @param {Query} q */
export function serviceOf(q) {
  return q.matchers.find((m) => m.name === "service_name" && m.op === "=")?.value ?? "";
}

/** The matchers a person adds: all but the service. @param {Query} q */
export function filtersOf(q) {
  return q.matchers.filter((m) => !(m.name === "service_name" && m.op === "="));
}

/** @param {string} service @param {Matcher[]} filters @returns {Matcher[]} */
export function withService(service, filters) {
  return [{ name: "service_name", op: "=", value: service }, ...filters];
}

/**
 * What is being typed into the filter field: a label's name, or its value.
 * Quotes may be left out while typing.
 * @param {string} text
 * @returns {{stage: "name", prefix: string} | {stage: "value", name: string, op: string, prefix: string}}
 */
export function typing(text) {
  const m = /^\s*"?([^"=!~]+?)"?\s*(=~|!~|!=|=)\s*"?([^"]*)"?\s*$/.exec(text);
  if (!m) return { stage: "name", prefix: text.trim().replace(/^"/, "") };
  return { stage: "value", name: m[1], op: m[2], prefix: m[3] };
}
