/**
 * Ways out of the page: a link, the curl line behind the picture, and files.
 */
import { copy, say } from "./clip.js";
import { h } from "./dom.js";
import { formatQuery, formatSelector, serviceOf } from "./query.js";
import { choice, openPopup } from "./popup.js";
import { formatUrl } from "./url.js";
import { changeOf } from "./diff.js";
import { cssTone } from "./diff_colors.js";
import { cssColor } from "./paint.js";
import { diffMarkdown, encoded, folded, foldedBoth, markdown, svg } from "./write.js";

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

/** @param {object} query @param {{from: number, until: number}} range @returns {Promise<Blob>} */
export async function fetchPprof(query, range) {
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

function curlLine(path, params) {
  const parts = Object.entries(params).map(([k, v]) => `--data-urlencode ${shellQuoted(`${k}=${v}`)}`);
  return `curl -sG ${location.origin}${path} ${parts.join(" ")}`;
}

const text = (body, type) => new Blob([body], { type });
const picture = () => new Promise((done) => {
  document.querySelector("canvas.fg-picture").toBlob(done);
});

/** @typedef {{words: string, copy?: () => string, save?: () => Promise<Blob>|Blob, ending?: string}} Entry */

/** Every way out of Explore. @param {object} view what the page shows @returns {{name: string, entries: Entry[]}} */
export function exploreEntries(view) {
  const { data, state, profile, type } = view;
  const query = data.shownQuery;
  const range = data.shownRange;
  const times = range && { from: Math.round(range.from), until: Math.round(range.until) };
  const title = `${serviceOf(query) || "profile"}, ${type.label}`;
  const fromServer = range ? [
    { words: "Link to exactly this", copy: () => fixedLink(state, data.range) },
    { words: "curl line for this data", copy: () => curlLine("/pyroscope/render", { query: formatQuery(query), ...times, "max-nodes": state.maxNodes }) },
  ] : [];
  return { name: fileName(query, ""), entries: [...fromServer,
    { words: "Table as Markdown", copy: () => markdown(profile, type) },
    { words: "Picture (PNG)", save: picture, ending: "png" },
    { words: "Picture (SVG)", save: () => text(svg(profile, title, (name) => cssColor(name, false)), "image/svg+xml"), ending: "svg" },
    ...(range ? [{ words: "Profile (pprof)", save: () => fetchPprof(query, range), ending: "pb.gz" }] : []),
    { words: "Stacks (folded)", save: () => text(folded(profile), "text/plain"), ending: "folded" },
    { words: "Page to read offline (HTML)", save: async () => text(await (await import("./offline_page.js")).offlinePage(profile, { title, type: type.id, samples: view.samples, range }), "text/html"), ending: "html" },
    { words: "Flame graph (JSON)", save: () => text(JSON.stringify(data.doc ?? encoded(profile)), "application/json"), ending: "json" },
  ] };
}

/** Every way out of a diff. @param {object} view what the diff shows @returns {{name: string, entries: Entry[]}} */
export function diffEntries({ profile, rows, mode, type, state, url, pair, tones, sides }) {
  const links = url ? [
    { words: "Link to exactly this", copy: () => location.origin + formatUrl({ ...state, ...Object.fromEntries(pair.flatMap((s) => [
      [`${s.id}From`, String(Math.round(s.range.from))], [`${s.id}Until`, String(Math.round(s.range.until))]])) }) },
    { words: "curl line for this data", copy: () => curlLine(url.split("?")[0], Object.fromEntries(new URLSearchParams(url.split("?")[1]))) },
  ] : [];
  const color = (name, node) => cssTone(changeOf(node.totalA, node.totalB, sides, mode), { ...tones, dark: false });
  return { name: pair ? fileName(pair[0].query, "").replace(/-/, "-diff-") : "diff.", entries: [...links,
    { words: "Table as Markdown", copy: () => diffMarkdown(rows, profile.names, mode, type) },
    { words: "Picture (PNG)", save: picture, ending: "png" },
    { words: "Picture (SVG)", save: () => text(svg(profile, "diff", color), "image/svg+xml"), ending: "svg" },
    { words: "Stacks of both (folded)", save: () => text(foldedBoth(profile), "text/plain"), ending: "folded" },
  ] };
}

/** @param {HTMLElement} button @param {{name: string, entries: Entry[]}} ways */
export function openExport(button, { name, entries }) {
  const save = async (entry) => {
    try {
      saveAs(await entry.save(), name + entry.ending);
    } catch (e) {
      say(`Could not save the .${entry.ending} file: ${e.message}.`);
    }
  };
  const act = (e) => (e.copy ? copy(e.copy(), `the ${e.words[0].toLowerCase()}${e.words.slice(1)}`) : save(e));
  const some = (key) => entries.filter((e) => e[key]).map((e) => choice(e.words, () => act(e)));
  openPopup(button, "Export", h("div", { class: "column" }, h("h3", {}, "Copy"), some("copy"), h("h3", {}, "Save"), some("save")));
}
