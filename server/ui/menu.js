/**
 * What can be done with one frame: the menu of right click and key m.
 */
import { copy } from "./clip.js";
import { h } from "./dom.js";
import { foldToggled } from "./fold.js";
import { shown } from "./format.js";
import { nameOf, pathOf } from "./layout.js";
import { moduleOf } from "./kinds.js";
import { choice, openPopup } from "./popup.js";
import { plain } from "./write.js";

/** "main;work 120". */
const foldedLine = (profile, node) => `${pathOf(profile, node).slice(1).map((n) => plain(nameOf(profile, n))).join(";")} ${Math.round(profile.levels[node.level].total[node.index])}`;

/** @param {object} view what Explore shows @param {{node: import("./flamebearer.js").Node, x: number, y: number}} at @param {{zoom: (n: object) => void, set: (patch: object) => void}} acts */
export function openMenu(view, { node, x, y }, acts) {
  const { profile } = view;
  const name = nameOf(profile, node);
  const module = moduleOf(name);
  const fold = (one) => () => acts.set({ fold: foldToggled(view.state.fold, one) });
  openPopup({ x, y }, "Frame", h("div", { class: "column" }, h("h3", {}, h("bdi", {}, shown(name, 60))),
    choice("Zoom here", () => acts.zoom(node)),
    choice("Details of this function", () => acts.set({ fn: name })),
    choice("Sandwich: all callers and callees", () => acts.set({ view: "sandwich", fn: name })),
    choice("Search this function", () => acts.set({ q: name })),
    module ? choice(`Search ${shown(module, 40)}`, () => acts.set({ q: `pkg:${module}` })) : null,
    node.level && name ? choice("Fold this function into its callers", fold(`fn:${name}`)) : null,
    module ? choice(`Fold all of ${shown(module, 40)}`, fold(`pkg:${module}`)) : null,
    choice("Source lines", async () => (await import("./sources.js")).openSources({ x, y }, view, name)),
    choice("Copy name", () => copy(name, "the name")),
    choice("Copy stack", () => copy(pathOf(profile, node).map((n) => nameOf(profile, n)).join("\n"), "the stack")),
    choice("Copy stack as one folded line", () => copy(foldedLine(profile, node), "the line"))));
}
