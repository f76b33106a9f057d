/**
 * Source lines of one function, where the senders tell them: file and line
 * of each sample, with its share. Read from the pprof of the range.
 */
import { copy } from "./clip.js";
import { h } from "./dom.js";
import { fetchPprof } from "./export.js";
import { bytesOf } from "./files.js";
import { share, value } from "./format.js";
import { openPopup } from "./popup.js";
import { readPprof } from "./pprof.js";

const SHOWN = 60;

/** @param {{file: string, line: number, self: number, total: number}[]} lines */
function table(lines, whole, unit) {
  const most = Math.max(...lines.map((l) => l.total));
  return h("table", { class: "source-lines" }, h("thead", {}, h("tr", {}, ["Line", "self", "total"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, lines.slice(0, SHOWN).map((l) => {
      const heat = h("i");
      heat.style.opacity = String((0.75 * l.total) / most);
      const place = `${l.file || "?"}:${l.line || "?"}`;
      return h("tr", {}, h("th", { scope: "row" }, heat, h("button", { type: "button", class: "link", title: "Copy", on: { click: () => copy(place, "the place") } }, h("bdi", {}, place))),
        h("td", {}, `${share(l.self / whole)} ${value(l.self, unit)}`), h("td", {}, `${share(l.total / whole)} ${value(l.total, unit)}`));
    })));
}

/** @param {Element|{x: number, y: number}} where @param {object} view what Explore shows @param {string} name */
export async function openSources(where, view, name) {
  const { data, type, profile } = view;
  let content;
  try {
    const pprof = readPprof(await bytesOf(await fetchPprof(data.shownQuery, data.shownRange)));
    const lines = pprof.lines(name).filter((l) => l.file || l.line);
    content = lines.length ? table(lines, profile.total, type.unit)
      : h("p", { class: "why-text" }, "The senders of this profile tell no file and no line. The kit's agent does with PYROSCOPE_SYMBOLIZE=lines; pprof from Go, JFR and flamekit record do by themselves.");
  } catch (e) {
    content = h("p", { class: "why-text" }, `The lines could not be read: ${e.message}`);
  }
  openPopup(where, "Source lines", h("h3", {}, h("bdi", {}, name.slice(0, 80))), content);
}
