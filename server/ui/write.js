/**
 * Profiles as text that other programs and people read: folded stacks,
 * Markdown, SVG, the wire's JSON. Pure.
 */
import { functions } from "./flamebearer.js";
import { share, shown, value } from "./format.js";
import { amount, signed } from "./diff_words.js";
import { toStacks } from "./trie.js";

/** @typedef {import("./flamebearer.js").Profile} Profile */

const ROWS = 25;
const SVG_WIDTH = 1200;
const SVG_ROW = 18;
const SVG_LEAST = 0.3;
const CHAR_PX = 6.7;

/** Semicolons part frames and lines part stacks, so names hold neither them nor control characters. */
export const plain = (name) => name.replace(/[;\u0000-\u001f\u007f]/g, "_") || "_";

/** One line a stack: "main;work 120". @param {Profile} profile */
export function folded(profile) {
  return toStacks(profile).filter(([stack]) => stack.length)
    .map(([stack, v]) => `${stack.map(plain).join(";")} ${Math.round(v)}\n`).join("");
}

/** One line a stack with both sides: "main;work 120 340". @param {Profile} profile from layDiff */
export function foldedBoth(profile) {
  const out = [];
  let above = [""];
  profile.levels.forEach((level, l) => {
    above = Array.from(level.name, (name, i) => {
      const path = l === 0 ? "" : `${above[level.parent[i]]}${above[level.parent[i]] && ";"}${plain(profile.names[name])}`;
      if (path && level.selfA[i] + level.selfB[i] > 0) out.push(`${path} ${Math.round(level.selfA[i])} ${Math.round(level.selfB[i])}\n`);
      return path;
    });
  });
  return out.join("");
}

const cell = (name) => `\`${shown(name, 100).replace(/[`|]/g, "_")}\``;

/** The functions with most own time. @param {Profile} profile @param {{unit: string}} type */
export function markdown(profile, type) {
  const rows = functions(profile).sort((a, b) => b.self - a.self).slice(0, ROWS);
  return ["| function | self | total |", "|---|--:|--:|", ...rows.map((r) =>
    `| ${cell(profile.names[r.name])} | ${share(r.self / profile.total)} ${value(r.self, type.unit)} | ${share(r.total / profile.total)} ${value(r.total, type.unit)} |`)].join("\n");
}

/** The largest changes of own time. */
export function diffMarkdown(rows, names, mode, type) {
  const first = [...rows].sort((a, b) => Math.abs(b.self.delta) - Math.abs(a.self.delta)).slice(0, ROWS);
  return ["| function | A | B | B − A | more than chance |", "|---|--:|--:|--:|---|", ...first.map(({ name, self }) =>
    `| ${cell(names[name])} | ${amount(self.a, mode, type.unit)} | ${amount(self.b, mode, type.unit)} | ${signed(self.delta, mode, type.unit)} | ${self.sure ? "yes" : "no"} |`)].join("\n");
}

const escaped = (s) => s.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

function nodeAt(level, i) {
  return Object.fromEntries(Object.entries(level).map(([key, list]) => [key, list[i]]));
}

/**
 * A picture for reports; frames too narrow to see are left out.
 * @param {Profile} profile @param {string} title @param {(name: string, node: object) => string} color
 */
export function svg(profile, title, color) {
  const height = (profile.levels.length + 1) * SVG_ROW + 6;
  const scale = SVG_WIDTH / profile.total;
  const frames = profile.levels.flatMap((level, l) => Array.from(level.name, (n, i) => {
    const width = level.total[i] * scale;
    if (width < SVG_LEAST) return "";
    const name = profile.names[n];
    const [x, y] = [level.start[i] * scale, (l + 1) * SVG_ROW];
    const room = Math.floor((width - 6) / CHAR_PX);
    const label = shown(name, 400);
    const words = room >= 3 ? `<text x="${(x + 3).toFixed(1)}" y="${y + 13}">${escaped(label.length > room ? `${label.slice(0, room - 1)}…` : label)}</text>` : "";
    return `<g><title>${escaped(label)} ${share(level.total[i] / profile.total)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.3, width - 0.5).toFixed(1)}" height="${SVG_ROW - 1}" fill="${color(name, nodeAt(level, i))}"/>${words}</g>`;
  })).filter(Boolean);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SVG_WIDTH}" height="${height}" viewBox="0 0 ${SVG_WIDTH} ${height}" font-family="monospace" font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="3" y="13">${escaped(title)}</text>\n${frames.join("\n")}\n</svg>\n`;
}

/** The wire's form of a profile that did not come over the wire. @param {Profile} profile */
export function encoded(profile) {
  const levels = profile.levels.map((level) => {
    let end = 0;
    return Array.from(level.start).flatMap((x, i) => {
      const at = x - end;
      end = x + level.total[i];
      return [at, level.total[i], level.self[i], level.name[i]];
    });
  });
  const most = profile.levels.reduce((m, level) => level.self.reduce((a, b) => Math.max(a, b), m), 0);
  return { version: 1, flamebearer: { names: profile.names, levels, numTicks: profile.total, maxSelf: most },
    metadata: { format: "single", spyName: "", sampleRate: 100, units: "samples", name: "" }, timeline: null };
}
