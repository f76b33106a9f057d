/**
 * What the search field means: plain text anywhere in a name, a /regular
 * expression/, pkg:NAME for a module, or kind:lib and the like. Pure.
 */
import { kindOf, moduleOf } from "./kinds.js";

/**
 * @param {string} text
 * @returns {{test: (name: string) => boolean, error?: string}|null} null: nothing is searched
 */
export function compile(text) {
  const q = text.trim();
  if (!q) return null;
  if (/^\/.+\/i?$/.test(q)) return compileRegex(q);
  if (/^pkg:./.test(q)) {
    const wanted = q.slice(4).toLowerCase();
    return { test: (name) => moduleOf(name).toLowerCase().includes(wanted) };
  }
  if (q.startsWith("kind:")) return { test: (name) => kindOf(name) === q.slice(5) };
  const wanted = q.toLowerCase();
  return { test: (name) => name.toLowerCase().includes(wanted) };
}

function compileRegex(q) {
  const source = q.slice(1).replace(/\/i?$/, "");
  try {
    const re = new RegExp(source, "i");
    return { test: (name) => re.test(name) };
  } catch (e) {
    return { test: () => false, error: e.message.replace(/^Invalid regular expression: /, "") };
  }
}

/** 1 for each name that matches. @param {string[]} names @param {(name: string) => boolean} test @returns {Uint8Array} */
export function mark(names, test) {
  return Uint8Array.from(names, (name, i) => (i > 0 && test(name) ? 1 : 0));
}
