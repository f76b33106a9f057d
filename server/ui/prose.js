/**
 * Reads the little Markdown that exercises are written in: sections,
 * paragraphs, lists, code. Anything else stays text. Pure.
 */

/** @typedef {{kind: "p"|"code", text: string} | {kind: "ol"|"ul", items: string[]}} Block */

const ITEM = /^(?:(\d+)\.|[-*]) +(.*)$/;

/** One more line of a paragraph or a list. @param {Block[]} out @param {string} line @param {boolean} goesOn */
function take(out, line, goesOn) {
  const last = out.at(-1);
  const item = ITEM.exec(line);
  if (item) {
    const kind = item[1] ? "ol" : "ul";
    if (last?.kind === kind) last.items.push(item[2]);
    else out.push({ kind, items: [item[2]] });
  } else if (goesOn && last?.items) last.items.push(`${last.items.pop()} ${line.trim()}`);
  else if (goesOn && last?.kind === "p") last.text += ` ${line.trim()}`;
  else out.push({ kind: "p", text: line.trim() });
}

/** @param {string} text @returns {Block[]} */
export function blocks(text) {
  const out = [];
  let code = null;
  let goesOn = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      if (code) out.push({ kind: "code", text: code.join("\n") });
      code = code ? null : [];
      goesOn = false;
    } else if (code) code.push(line);
    else if (!line.trim()) goesOn = false;
    else {
      take(out, line, goesOn);
      goesOn = true;
    }
  }
  return out;
}

/** Parts that begin with "## 2 Title". @param {string} text @returns {{title: string, blocks: Block[]}[]} */
export function sections(text) {
  return text.split(/^## +/m).slice(1).map((part) => {
    const [head, ...rest] = part.split("\n");
    return { title: head.replace(/^\d+\s+/, "").trim(), blocks: blocks(rest.join("\n")) };
  });
}

/** `code`, **strong**, *em* and [words](address), of which the words stay. @param {string} text @returns {{kind: "text"|"code"|"strong"|"em", text: string}[]} */
export function inline(text) {
  const out = [];
  const mark = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\([^)]*\)/g;
  let at = 0;
  for (const m of text.matchAll(mark)) {
    if (m.index > at) out.push({ kind: "text", text: text.slice(at, m.index) });
    const which = [1, 2, 3, 4].find((i) => m[i] !== undefined);
    out.push({ kind: ["code", "strong", "em", "text"][which - 1], text: m[which] });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ kind: "text", text: text.slice(at) });
  return out;
}
