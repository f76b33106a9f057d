/**
 * The panel that says what is folded: one box a rule, and one for each
 * function and module that was chosen in the menu of a frame.
 */
import { h } from "./dom.js";
import { FOLDS, foldsOf, foldToggled, nameIn } from "./fold.js";
import { shown } from "./format.js";
import { openPopup } from "./popup.js";

/** @param {HTMLElement} button @param {() => string} now what is folded @param {(fold: string) => void} set @param {string} [but] what is not offered */
export function openFoldMenu(button, now, set, but = "") {
  const single = [...foldsOf(now())].filter(nameIn).map((fold) => [fold, fold.startsWith("fn:") ? "this function is counted to its callers" : "this module is counted to its callers"]);
  const boxes = [...Object.entries(FOLDS).filter(([fold]) => fold !== but), ...single].map(([fold, words]) => {
    const box = h("input", { type: "checkbox", on: { change: () => set(foldToggled(now(), fold)) } });
    box.checked = foldsOf(now()).has(fold);
    return h("label", { class: "fold-choice" }, box, h("span", {}, h("b", {}, h("bdi", {}, shown(nameIn(fold) ?? fold, 60))), h("small", {}, words)));
  });
  openPopup(button, "Fold", h("div", { class: "column" }, boxes));
}
