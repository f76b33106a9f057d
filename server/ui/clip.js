/**
 * Copying. On an instructor's address the page is no secure context and has
 * no clipboard: then the text is shown, selected, ready for Ctrl+C.
 */
import { h } from "./dom.js";
import { openPopup } from "./popup.js";

/** @param {string} text @param {string} what for the message */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${what}.`);
  } catch {
    const area = h("textarea", { class: "copy-text", rows: "4", readonly: true, "aria-label": what });
    area.value = text;
    openPopup({ x: innerWidth / 2 - 200, y: 120 }, `Copy ${what}`, h("p", {}, "Press Ctrl+C to copy:"), area);
    area.focus();
    area.select();
  }
}

/** A short word at the bottom of the window. @param {string} text */
export function say(text) {
  document.querySelector(".said")?.remove();
  const note = h("div", { class: "said", role: "status" }, text);
  document.body.append(note);
  setTimeout(() => note.remove(), 2500);
}

/** A button that copies. @param {string} text @param {string} what */
export function copyButton(text, what) {
  return h("button", { type: "button", class: "copy", on: { click: () => copy(text, what) } }, "Copy");
}
