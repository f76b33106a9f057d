/**
 * The panel that says what is folded: one box a rule.
 */
import { h } from "./dom.js";
import { FOLDS, foldsOf } from "./fold.js";
import { openPopup } from "./popup.js";

/** @param {HTMLElement} button @param {() => string} now what is folded @param {(fold: string) => void} set @param {string} [but] what is not offered */
export function openFoldMenu(button, now, set, but = "") {
  const boxes = Object.entries(FOLDS).filter(([name]) => name !== but).map(([name, words]) => {
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
