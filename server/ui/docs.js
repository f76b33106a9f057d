/**
 * The Docs page: how a sample becomes a rectangle, the glossary, and the
 * cards of well-known frames, to be searched.
 */
import { CARDS } from "./cards.js";
import { h, s } from "./dom.js";
import { explainCard } from "./explain.js";
import { GLOSSARY } from "./glossary.js";
import { kindOf } from "./kinds.js";

const STEPS = [
  ["1. Interrupt", "A timer stops a thread for a few microseconds, after each 10 ms of CPU time that it used."],
  ["2. Walk", "The profiler notes the stack: main, called serve_request, called compute_hash."],
  ["3. Count", "Equal stacks are counted: seen 7 times is 70 ms, give or take."],
  ["4. Stack", "Stacks that begin alike share rectangles. Twice as wide: seen twice as often."],
];
const STACKS = [["main", "serve", "hash"], ["main", "serve", "hash"], ["main", "serve", "json"], ["main", "serve", "hash"], ["main", "poll"]];
const TONES = { main: "#f6b98d", serve: "#f9cf8f", hash: "#f6c6a0", json: "#f7dd9a", poll: "#b5d8cb" };

/** Five samples side by side, and the picture they make. */
function drawn() {
  const cell = (x, y, width, name) => s("g", {}, s("rect", { x, y, width: width - 2, height: 20, rx: 2, fill: TONES[name] }), s("text", { x: x + 4, y: y + 14 }, name));
  const samples = STACKS.flatMap((stack, i) => stack.map((name, l) => cell(i * 52, l * 22, 52, name)));
  const merged = [[0, 0, 5, "main"], [0, 1, 4, "serve"], [0, 2, 3, "hash"], [3, 2, 1, "json"], [4, 1, 1, "poll"]];
  return s("svg", { class: "how-drawn", viewBox: "0 0 620 68", role: "img", "aria-label": "Five samples side by side, and the flame graph made of them" },
    samples, s("text", { x: 276, y: 40, class: "arrow" }, "becomes"),
    merged.map(([x, l, n, name]) => cell(350 + x * 52, l * 22, n * 52, name)));
}

export class Page {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.search = h("input", { type: "search", class: "search", placeholder: "Name of a function", "aria-label": "Explain a function", spellcheck: "false", on: { input: () => this.#explain() } });
    this.card = h("div", { "aria-live": "polite" });
    root.replaceChildren(h("div", { class: "status docs" },
      h("section", { class: "card pad" }, h("h2", {}, "How a sample becomes a rectangle"), drawn(),
        h("ol", { class: "steps-of" }, STEPS.map(([a, b]) => h("li", {}, h("strong", {}, a), ` ${b}`)))),
      h("section", { class: "card pad" }, h("h2", {}, "What is this frame?"),
        h("p", {}, `Well-known functions of C programs, their libraries and the kernel: ${CARDS.length} cards. In a flame graph press e.`),
        h("span", { class: "search-box" }, this.search), this.card),
      h("section", { class: "card pad" }, h("h2", {}, "Glossary"),
        h("dl", { class: "glossary" }, GLOSSARY.flatMap(([id, word, sentence]) => [h("dt", { id }, word), h("dd", {}, sentence)])))));
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  #explain() {
    const name = this.search.value.trim();
    this.card.replaceChildren(...(name ? [explainCard(name), h("p", { class: "note" }, `By its name: ${kindOf(name)}.`)] : []));
  }

  /** Nothing of the address concerns this page. */
  changed() {}
}
