/**
 * What lies between graph and table: drag it, move it with the arrow keys, or
 * double click for the usual width. The browser remembers.
 */
import { h } from "./dom.js";
import { keepSetting, setting } from "./store.js";

/** The table's part of the width, in percent. */
const [LEAST, USUAL, MOST] = [20, 36, 70];
const STEP = 2;

/** @param {HTMLElement} stage graph and table, side by side */
export function addSplitter(stage) {
  const set = (percent) => {
    const part = Math.round(Math.min(MOST, Math.max(LEAST, percent)));
    stage.style.setProperty("--table", `${part}%`);
    bar.setAttribute("aria-valuenow", part);
    keepSetting("table", String(part));
  };
  const drag = (e) => {
    if (!bar.hasPointerCapture(e.pointerId)) return;
    const { right, width } = stage.getBoundingClientRect();
    set(((right - e.clientX) / width) * 100);
  };
  const press = (e) => {
    const step = { ArrowLeft: STEP, ArrowRight: -STEP }[e.key];
    if (!step) return;
    e.preventDefault();
    e.stopPropagation();
    set(Number(bar.getAttribute("aria-valuenow")) + step);
  };
  const bar = h("div", { class: "splitter", role: "separator", tabindex: "0", "aria-orientation": "vertical", "aria-label": "Width of the table in percent",
    "aria-valuemin": LEAST, "aria-valuemax": MOST, title: "Drag; double click: as usual",
    on: { pointerdown: (e) => bar.setPointerCapture(e.pointerId), pointermove: drag, keydown: press, dblclick: () => set(USUAL) } });
  set(Number(setting("table")) || USUAL);
  stage.append(bar);
}
