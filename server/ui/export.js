/**
 * Ways out of the page: a link, the curl line behind the picture, and files.
 */
import { copy, say } from "./clip.js";
import { h } from "./dom.js";
import { formatQuery, formatSelector, serviceOf } from "./query.js";
import { choice, openPopup } from "./popup.js";
import { formatUrl } from "./url.js";

const MERGE = "/querier.v1.QuerierService/SelectMergeProfile";

/** A protobuf field of wire type 2 holding text. */
function textField(number, text) {
  const bytes = new TextEncoder().encode(text);
  return [number * 8 + 2, ...varint(BigInt(bytes.length)), ...bytes];
}

function varint(n) {
  const out = [];
  for (; n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128);
  return [...out, Number(n)];
}

/** The request's message: 1 type, 2 selector, 3 start, 4 end. */
function mergeRequest(query, range) {
  return new Uint8Array([
    ...textField(1, query.type), ...textField(2, formatSelector(query.matchers)),
    3 * 8, ...varint(BigInt(Math.round(range.from))), 4 * 8, ...varint(BigInt(Math.round(range.until))),
  ]);
}

async function fetchPprof(query, range) {
  const response = await fetch(MERGE, { method: "POST",
    headers: { "Content-Type": "application/proto" }, body: mergeRequest(query, range) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.blob();
}

function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10e3);
}

function fileName(query, ending) {
  const name = `${serviceOf(query)}-${query.type.split(":")[0]}`.replace(/[^\w.-]+/g, "_");
  return `${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${ending}`;
}

function shellQuoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The address with relative times made absolute, so that it shows the same tomorrow. */
function fixedLink(state, range) {
  return location.origin + formatUrl({ ...state, from: String(Math.round(range.from)),
    until: String(Math.round(range.until)), live: 0 });
}

function curlLine({ data, state }) {
  const { from, until } = data.shownRange;
  const params = { query: formatQuery(data.shownQuery), from: Math.round(from), until: Math.round(until), "max-nodes": state.maxNodes };
  const parts = Object.entries(params).map(([k, v]) => `--data-urlencode ${shellQuoted(`${k}=${v}`)}`);
  return `curl -sG ${location.origin}/pyroscope/render ${parts.join(" ")}`;
}

/** @param {HTMLElement} button @param {object} view what the page shows */
export function openExport(button, view) {
  const { data, state } = view;
  const query = data.shownQuery;
  const save = async (make, ending) => {
    try {
      saveAs(await make(), fileName(query, ending));
    } catch (e) {
      say(`Could not save the .${ending} file: ${e.message}.`);
    }
  };
  const canvas = document.querySelector("canvas.fg-picture");
  openPopup(button, "Export", h("div", { class: "column" },
    h("h3", {}, "Copy"),
    choice("Link to exactly this", () => copy(fixedLink(state, data.range), "the link")),
    choice("curl line for this data", () => copy(curlLine(view), "the curl line")),
    h("h3", {}, "Save"),
    choice("Picture (PNG)", () => save(() => new Promise((done) => canvas.toBlob(done)), "png")),
    choice("Profile (pprof)", () => save(() => fetchPprof(query, data.shownRange), "pb.gz")),
    choice("Flame graph (JSON)", () => save(async () =>
      new Blob([JSON.stringify(data.doc)], { type: "application/json" }), "json"))));
}
