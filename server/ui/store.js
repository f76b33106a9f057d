/**
 * Holds the state that the address bar shows, and what outlives it. One finished action is one
 * step of Back; typing into a field is one action, however many keys it has.
 */
import { formatUrl, parseUrl } from "./url.js";

/** @typedef {import("./url.js").State} State */

export class Store {
  /** @type {Set<(state: State, before: State) => void>} */
  #listeners = new Set();
  #typing = "";

  constructor() {
    this.state = parseUrl(location.pathname, location.search);
    addEventListener("popstate", () => {
      this.#typing = "";
      this.#change(parseUrl(location.pathname, location.search));
    });
  }

  /** @param {(state: State, before: State) => void} fn */
  subscribe(fn) {
    this.#listeners.add(fn);
  }

  /** A finished action: one step of Back. @param {Partial<State>} patch */
  push(patch) {
    this.#typing = "";
    this.#write(patch, "pushState");
  }

  /** Something the page decided, not the person. @param {Partial<State>} patch */
  replace(patch) {
    this.#write(patch, "replaceState");
  }

  /** A key typed into `field`: the first makes a step, the others extend it. @param {string} field @param {Partial<State>} patch */
  type(field, patch) {
    const first = this.#typing !== field;
    this.#typing = field;
    this.#write(patch, first ? "pushState" : "replaceState");
  }

  #write(patch, method) {
    const next = { ...this.state, ...patch };
    const url = formatUrl(next);
    if (url === formatUrl(this.state)) return;
    history[method](null, "", url);
    this.#change(next);
  }

  #change(next) {
    const before = this.state;
    this.state = next;
    for (const fn of this.#listeners) fn(next, before);
  }
}

// ---- what this browser remembers: theme, keys ------------------------------

const kept = new Map();
const PREFIX = "flamekit.";

/** Private windows may refuse: then it lasts as long as the page. @param {string} name @returns {string|null} */
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
