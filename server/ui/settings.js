/**
 * What this browser remembers about the page: its theme, its keys. Private
 * windows may refuse; then it lasts as long as the page.
 */

const kept = new Map();
const PREFIX = "flamekit.";

/** @param {string} name @returns {string|null} */
export function setting(name) {
  if (kept.has(name)) return kept.get(name);
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function keepSetting(name, value) {
  kept.set(name, value);
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // it is kept in `kept`
  }
}
