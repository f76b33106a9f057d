/**
 * One small panel at a time, hung under a button or at a point; closed by
 * Escape, a click elsewhere or a choice. Focus goes back where it was.
 */
import { h } from "./dom.js";

/** @type {{panel: HTMLElement, owner: Element|null, anchor: Element|null}|null} */
let open = null;

export function closePopup({ refocus = true } = {}) {
  if (!open) return false;
  const { panel, owner, anchor } = open;
  open = null;
  panel.remove();
  anchor?.setAttribute("aria-expanded", "false");
  if (refocus && owner instanceof HTMLElement) owner.focus();
  return true;
}

export const popupIsOpen = () => open !== null;

function place(panel, x, y, right) {
  const { offsetWidth: w, offsetHeight: tall } = panel;
  const left = right !== undefined ? right - w : x;
  panel.style.left = `${Math.max(8, Math.min(left, innerWidth - w - 8))}px`;
  panel.style.top = `${Math.max(8, Math.min(y, innerHeight - tall - 8))}px`;
}

/**
 * @param {Element|{x: number, y: number}} where a button, or a point of the window
 * @param {string} label
 * @param {...Node} content
 * @returns {HTMLElement} the panel
 */
export function openPopup(where, label, ...content) {
  const anchor = where instanceof Element ? where : null;
  const again = anchor && open?.anchor === anchor;
  closePopup({ refocus: again });
  if (again) return null;
  const panel = h("div", { class: "popup", role: "dialog", "aria-label": label }, content);
  document.body.append(panel);
  open = { panel, owner: document.activeElement, anchor };
  if (anchor) {
    const box = anchor.getBoundingClientRect();
    anchor.setAttribute("aria-expanded", "true");
    place(panel, box.left, box.bottom + 6, box.left > innerWidth / 2 ? box.right : undefined);
  } else place(panel, where.x, where.y);
  panel.querySelector("button, input")?.focus({ preventScroll: true });
  panel.addEventListener("keydown", (e) => moveFocus(e, panel));
  return panel;
}

/** Arrow keys walk through a panel's buttons. */
function moveFocus(e, panel) {
  if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
  if (e.target instanceof HTMLInputElement && e.target.list) return;
  const items = [...panel.querySelectorAll("button, input, select")];
  const at = items.indexOf(document.activeElement);
  e.preventDefault();
  items[(at + (e.key === "ArrowDown" ? 1 : items.length - 1)) % items.length]?.focus();
}

/** A choice in a panel that closes it. @param {string|Node} text @param {() => void} act @param {object} [props] */
export function choice(text, act, props = {}) {
  return h("button", { type: "button", class: "choice", ...props, on: { click: () => {
    closePopup();
    act();
  } } }, text);
}

addEventListener("pointerdown", (e) => {
  if (open && !open.panel.contains(e.target) && !open.anchor?.contains(e.target)) closePopup({ refocus: false });
});
addEventListener("keydown", (e) => {
  if (e.key === "Escape" && closePopup()) {
    e.preventDefault();
    e.stopPropagation();
  }
}, true);
