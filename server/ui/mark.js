/**
 * Question marks beside numbers: one sentence each, out of the glossary.
 */
import { h } from "./dom.js";
import { openPopup } from "./popup.js";

const DISK = location.protocol === "file:";

/** What hangs under a mark: a sentence, and the way to the glossary. @param {Element} button @param {string} title @param {string} sentence @param {string} id of the glossary */
export function openWhy(button, title, sentence, id) {
  openPopup(button, title, h("p", { class: "why-text" }, sentence), DISK ? "" : h("a", { href: `/docs#${id}` }, "more in the glossary"));
}

/** @param {string} id a word of the glossary @param {string} what the number is called */
export function mark(id, what) {
  const button = h("button", { type: "button", class: "why", "data-key": id, "aria-label": `What is ${what}?`, on: { click: async () => {
    const { GLOSSARY } = await import("./glossary.js");
    const [, word, sentence] = GLOSSARY.find(([known]) => known === id);
    openWhy(button, word, sentence, id);
  } } });
  return button;
}
