/**
 * Explain this frame: the card of a well-known function, or what its name
 * alone tells.
 */
import { CARDS } from "./cards.js";
import { h } from "./dom.js";
import { shown } from "./format.js";
import { kindOf } from "./kinds.js";

const BY_KIND = {
  app: ["work", "A function of the program itself, as far as its name tells.", "", "Wide with callees: follow them. Wide with nothing below: the work is in its own code."],
  lib: ["work", "A library's function.", "It is hot because of how it is called.", "Look at its callers: s turns the picture round."],
  kernel: ["work", "A function of the kernel, working for the program.", "The system call above it says what was asked for.", "Fold the kernel to see who asks."],
  wait: ["wait", "The thread waits here and uses no CPU.", "", "Look at what it waits for; compare Wall with CPU."],
  unknown: ["work", "An address without a name.", "No symbols were found.", "Build with -g, or install debug symbols."],
};

/** @param {string} name @returns {{nature: string, what: string, why: string, next: string, known: boolean}} */
export function cardOf(name) {
  const found = CARDS.find(([pattern]) => pattern.test(name));
  const [nature, what, why, next] = found ? found.slice(1) : BY_KIND[kindOf(name)];
  return { nature, what, why, next, known: Boolean(found) };
}

/** The card as an element. @param {string} name */
export function explainCard(name) {
  const { nature, what, why, next } = cardOf(name);
  const row = (title, text) => (text ? [h("dt", {}, title), h("dd", {}, text)] : []);
  return h("section", { class: "explain", "aria-label": `What is ${shown(name, 60)}?` },
    h("h3", {}, "What is this? ", h("span", { class: `nature ${nature}` }, nature === "wait" ? "waiting" : "work")),
    h("dl", {}, [...row("It is", what), ...row("Why hot", why), ...row("Next", next)]));
}
