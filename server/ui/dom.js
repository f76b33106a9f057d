/**
 * Small helpers for making elements: text only ever becomes text, never
 * markup, because names come from strangers' binaries.
 */

const SVG = "http://www.w3.org/2000/svg";

function setProperty(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "on") {
    for (const type in value) node.addEventListener(type, value[type]);
  } else if (name === "data") {
    Object.assign(node.dataset, value);
  } else if (name === "style") {
    for (const key in value) node.style.setProperty(key, value[key]);
  } else if (name === "value") {
    node.value = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

function fill(node, props, children) {
  for (const name in props) setProperty(node, name, props[name]);
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

/**
 * h("button", {class: "x", on: {click}}, "text", child, null)
 * @param {string} tag
 * @param {Record<string, unknown>} [props]
 * @param {...(Node|string|null|false|(Node|string|null)[])} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. @returns {SVGElement} */
export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** Icons, 16 px, drawn with the text's colour. */
const ICONS = {
  play: "M5 3.5v9l7-4.5z", pause: "M5 3.5h2v9H5zM9 3.5h2v9H9z",
  close: "M4 5l1-1 3 3 3-3 1 1-3 3 3 3-1 1-3-3-3 3-1-1 3-3z",
  search: "M7 2a5 5 0 103 9l3 3 1-1-3-3a5 5 0 00-4-8zm0 1.5a3.5 3.5 0 110 7 3.5 3.5 0 010-7z",
  down: "M4 6l4 4 4-4z", next: "M6 4l4 4-4 4z", previous: "M10 4l-4 4 4 4z",
  theme: "M8 2a6 6 0 100 12A6 6 0 008 2zm0 1.5v9a4.5 4.5 0 010-9z",
  flip: "M5 3v8M3 9l2 2 2-2M11 13V5M9 7l2-2 2 2", clock: "M8 2a6 6 0 100 12A6 6 0 008 2zM8 5v3l2 2",
  swap: "M3 6h9M9 3l3 3-3 3M13 11H4M7 8l-3 3 3 3",
  save: "M8 2.5v7M5 7l3 3 3-3M3 12.5h10",
};
const STROKED = new Set(["flip", "clock", "save", "swap"]);

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const kind = STROKED.has(name) ? "icon stroked" : "icon";
  return s("svg", { class: kind, viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", { d: ICONS[name] }));
}

const sheets = new Map();

/** Adds a style sheet that lies beside this module, once. @param {string} name @returns {Promise<unknown>} */
export function addStyles(name) {
  if (!sheets.has(name)) {
    sheets.set(name, new Promise((done) => {
      const href = new URL(name, import.meta.url).href;
      document.head.append(h("link", { rel: "stylesheet", href, on: { load: done, error: done } }));
    }));
  }
  return sheets.get(name);
}

/** Is the person typing? Then single keys are theirs. @param {EventTarget|null} target */
export function isTyping(target) {
  return target instanceof Element
    && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

const FOCUSABLE = "a[href], button, input, select, [tabindex]";
const keyOf = (el) => el.dataset.key ?? el.getAttribute("aria-label") ?? el.textContent;

/** Draws anew what may hold the keyboard's focus, which goes to whatever takes its place. @param {Element} el @param {() => void} draw */
export function keepFocus(el, draw) {
  const before = document.activeElement;
  const at = el.contains(before) ? [...el.querySelectorAll(FOCUSABLE)].indexOf(before) : -1;
  draw();
  if (at < 0 || document.activeElement === before) return;
  const now = [...el.querySelectorAll(FOCUSABLE)];
  (now.find((other) => keyOf(other) === keyOf(before)) ?? now[at] ?? now.at(-1))?.focus({ preventScroll: true });
}

/** What is drawn within a frame; the rest waits for the next one, so that a hand on the page never waits for all. */
const FRAME_MS = 8;
/** @type {Set<Part>} parts to be drawn, in the order in which they asked */
const waiting = new Set();
let frame = 0;

function drawWaiting() {
  frame = 0;
  const end = performance.now() + FRAME_MS;
  // A part that asks again while it is drawn waits for the next frame.
  const parts = [...waiting].sort((a, b) => Number(b.urgent) - Number(a.urgent));
  let moving = parts.some((part) => part.moving);
  for (const part of parts) {
    if (!part.urgent && (moving ? !part.moving : performance.now() > end)) continue;
    if (!waiting.delete(part)) continue; // another one took it away
    try {
      part.draw();
    } catch (e) {
      reportError(e); // the others go on
    }
    moving ||= part.moving;
  }
  if (waiting.size) frame ||= requestAnimationFrame(drawWaiting);
}

/**
 * An element that draws itself from `props`, at most once a frame. Properties
 * given before its module has arrived are taken over.
 */
export class Part extends HTMLElement {
  #props = {};

  connectedCallback() {
    if (!this.built) {
      this.built = true;
      this.build();
    }
    if (Object.hasOwn(this, "props")) {
      const early = this.props;
      delete this.props;
      this.props = early;
    }
  }
  disconnectedCallback() {
    waiting.delete(this);
  }
  get props() {
    return this.#props;
  }
  set props(patch) {
    this.#props = { ...this.#props, ...patch };
    if (this.built) this.invalidate();
  }
  invalidate() {
    waiting.add(this);
    frame ||= requestAnimationFrame(drawWaiting);
  }
  /** Now. */
  draw() {
    keepFocus(this, () => this.update(this.#props));
  }
  /** Is it in the middle of a move? Then it is drawn in every frame, and the others wait for the end of it. */
  get moving() {
    return false;
  }
  /** Does it follow the pointer? Then it is drawn before the others. */
  get urgent() {
    return false;
  }
  /** Makes the children, once. */
  build() {}
  /** Shows `props`. */
  update() {}
  /** @param {string} type @param {unknown} [detail] */
  emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
  }
}

/** Gives an element properties before or after its module has arrived. @param {HTMLElement} el @param {object} patch */
export function give(el, patch) {
  el.props = el.built ? patch : { ...(el.props ?? {}), ...patch };
}
