/**
 * One HTML file with a profile and the very modules of this page that draw
 * it: opens from a disk, without a server.
 */
import { encoded } from "./write.js";

const ENTRY = "offline.js";
const IMPORT = /(from\s*|import\s*\(?)"\.\/([\w.]+)"/g;

/** A module and all it needs, as text. */
async function modules(name, found = new Map()) {
  if (found.has(name)) return found;
  found.set(name, "");
  const source = await (await fetch(new URL(name, import.meta.url))).text();
  const names = [...source.matchAll(IMPORT)].map((m) => m[2]);
  found.set(name, source.replace(IMPORT, '$1"fk/$2"'));
  for (const other of names) await modules(other, found);
  return found;
}

function base64(text) {
  const bytes = new TextEncoder().encode(text);
  let out = "";
  for (let i = 0; i < bytes.length; i += 0x8000) out += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(out);
}

/** JSON inside of HTML: nothing in a name may end the element. */
const safeJson = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * @param {import("./flamebearer.js").Profile} profile
 * @param {{title: string, type: string, samples: number|null, range: {from: number, until: number}|null}} about
 * @returns {Promise<string>}
 */
export async function offlinePage(profile, about) {
  const sources = await modules(ENTRY);
  const map = Object.fromEntries([...sources].map(([name, source]) => [`fk/${name}`, `data:text/javascript;base64,${base64(source)}`]));
  const styles = await Promise.all(["style.css", "parts.css", "pages.css"].map(async (f) => (await fetch(new URL(f, import.meta.url))).text()));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(about.title)} · Flamekit</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${styles.join("\n")}</style>
<script type="importmap">${safeJson({ imports: map })}</script>
<script type="application/json" id="profile">${safeJson({ about, doc: encoded(profile) })}</script>
</head><body><main></main><script type="module">import "fk/${ENTRY}";</script></body></html>
`;
}
