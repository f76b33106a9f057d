/**
 * The help page: how to read the picture, and the keys.
 */
import { h } from "./dom.js";
import { COMPARE_KEYS, GRAPH_KEYS, KEYS, PAGE_KEY } from "./keys.js";
import { keepSetting, setting } from "./store.js";

const READING = [
  ["One bar is one function on the stack.", "Above it is who called it, below it is what it called."],
  ["Width is share, not time order.", "A bar twice as wide was seen in twice as many samples. Left and right mean nothing."],
  ["Self is what nothing hangs under.", "A function whose bar has no bars below spent that time in its own code: that is where the work is."],
  ["100 % is everything in the range.", "The line above the graph says how much that is: a large share of little is little."],
  ["Few samples, little truth.", "The ± tells how far a share may be off; four times the samples halve it."],
];

const keyName = (k) => ({ Escape: "Esc", "Shift+ArrowLeft": "Shift+←", "Shift+ArrowRight": "Shift+→" })[k] ?? k;

const named = (keys) => Object.entries(keys).map(([k, [words]]) => [keyName(k), words]);

function keyTable(rows) {
  return h("dl", { class: "keys" }, rows.flatMap(([k, words]) => [h("dt", {}, h("kbd", {}, k)), h("dd", {}, words)]));
}

/** The same as under Learn: labels over the picture. */
async function nameParts(dialog) {
  const card = document.querySelector("main .graph-card");
  dialog.close();
  if (card) (await import("./learn.js")).anatomy(card);
}

/** Letters that act by themselves get in the way of dictation: one setting switches them off. */
function keysChoice() {
  const box = h("input", { type: "checkbox", on: { change: () => keepSetting("keys", box.checked ? "on" : "off") } });
  box.checked = setting("keys") !== "off";
  return h("label", { class: "keys-choice" }, box, "Single keys act");
}

/** Opens it, or closes it when it is open. */
export function showHelp() {
  const open = document.querySelector("dialog.help");
  if (open) {
    open.close();
    return;
  }
  const dialog = h("dialog", { class: "help", "aria-label": "Help", on: { close: () => dialog.remove(),
    click: (e) => e.target === dialog && dialog.close(),
    keydown: (e) => e.key === "?" && dialog.close() } },
  h("div", { class: "help-body" },
    h("button", { type: "button", class: "quiet help-close", on: { click: () => dialog.close() } }, "Close"),
    h("h2", {}, "How to read a flame graph"),
    h("ul", { class: "reading" }, READING.map(([a, b]) => h("li", {}, h("strong", {}, a), ` ${b}`))),
    h("button", { type: "button", class: "help-anatomy", on: { click: () => nameParts(dialog) } }, "Name the parts of the picture"),
    h("h2", {}, "Keys"), keysChoice(),
    h("div", { class: "key-columns" },
      h("div", {}, h("h3", {}, "Anywhere"), keyTable(named({ ...PAGE_KEY, "?": KEYS["?"] })),
        h("h3", {}, "Explore"), keyTable(named(KEYS))),
      h("div", {}, h("h3", {}, "In the graph"), keyTable(GRAPH_KEYS),
        h("h3", {}, "Comparison and Diff"), keyTable(named(COMPARE_KEYS)),
        h("h3", {}, "Search"), keyTable([["text", "anywhere in a name"], ["/expr/", "regular expression"], ["pkg:x", "module or package x"]]),
        h("h3", {}, "On the timeline"), keyTable([["click", "a band selects its phase"], ["Shift+click", "a second band: the difference of the two"], ["drag", "any range; edges and middle can be dragged"], ["double click", "clears the selection"]])))));
  document.body.append(dialog);
  dialog.showModal();
}
