/**
 * The panel that says what is folded: one box a rule.
 */
import { h } from "./dom.js";
import { FOLDS, foldsOf } from "./fold.js";
import { openPopup } from "./popup.js";

/** What the button says. @param {string} fold @param {string} [besides] what has a button of its own @returns {string} */
export function foldWords(fold, besides = "") {
  const folds = foldsOf(fold);
  folds.delete(besides);
  return folds.size ? `Fold: ${[...folds].join(", ")}` : "Fold";
}

/** @param {HTMLElement} button @param {() => string} now what is folded @param {(fold: string) => void} set */
export function openFoldMenu(button, now, set) {
  const boxes = Object.entries(FOLDS).map(([name, words]) => {
    const box = h("input", { type: "checkbox", on: { change: () => {
      const folds = foldsOf(now());
      if (box.checked) folds.add(name);
      else folds.delete(name);
      set([...folds].join(","));
    } } });
    box.checked = foldsOf(now()).has(name);
    return h("label", { class: "fold-choice" }, box, h("span", {}, h("b", {}, name), h("small", {}, words)));
  });
  openPopup(button, "Fold", h("div", { class: "column" }, boxes));
}
