/**
 * Helps for reading: labels on the picture, a ruler for two functions, and
 * "predict first", which hides the picture until a guess was made.
 */
import { h } from "./dom.js";
import { functions } from "./flamebearer.js";
import { share, shown } from "./format.js";
import { choice, openPopup } from "./popup.js";
import { ruler } from "./ruler.js";
import { keepSetting } from "./store.js";

/** What the labels say of a picture with its roots on top, or at the bottom. */
const anatomyOf = (flame) => [
  ["width", "width = share of samples, not time"], ["rows", `each row is called by the row ${flame ? "below" : "above"}`],
  ["order", "left and right have no meaning"], ["self", `self: where nothing lies ${flame ? "above" : "below"}, a function works itself`],
  ["colour", "colour: where a function comes from, a hint"],
];

/** Labels over the picture until a click on it, which is remembered. @param {HTMLElement} card @param {boolean} [focus] somebody asked for them */
export function anatomy(card, focus = true) {
  card.querySelector(".anatomy")?.remove();
  const button = h("button", { type: "button", class: "done" }, "I see");
  const layer = h("div", { class: "anatomy", role: "note" },
    anatomyOf(card.querySelector("fk-flamegraph").props.flame).map(([place, words]) => h("span", { class: place }, words)), button);
  const [around, picture] = [card, card.querySelector(".fg-picture")].map((el) => el.getBoundingClientRect());
  layer.style.top = `${picture.top - around.top}px`;
  layer.style.height = `${picture.height}px`;
  card.append(layer);
  card.addEventListener("click", () => {
    layer.remove();
    keepSetting("anatomy", "seen");
  }, { once: true });
  if (focus) button.focus();
}

function nameField(label, names, value, changed) {
  const id = `names-${label}`;
  const input = h("input", { list: id, "aria-label": `Function ${label}`, value, spellcheck: "false", on: { input: changed } });
  return { input, root: h("label", { class: "ruler-field" }, label, input, h("datalist", { id }, names.map((n) => h("option", { value: n })))) };
}

/** "A is on the stack in 79 % of samples, B in 11 %, both in 9 %. A calls B." */
export function rulerWords(profile, a, b) {
  const missing = [a, b].find((n) => !profile.names.includes(n));
  if (missing !== undefined) return missing ? `${shown(missing, 60)} is not in this picture.` : "Choose two functions.";
  const r = ruler(profile, a, b);
  const calls = r.aCallsB && r.bCallsA ? "each calls the other" : r.aCallsB ? `A calls B, for ${share(r.aCallsB)}` : r.bCallsA ? `B calls A, for ${share(r.bCallsA)}` : "neither calls the other";
  return `A is on the stack in ${share(r.a)} of the samples, B in ${share(r.b)}, both in ${share(r.both)}: ${calls}.`;
}

function openRuler(button, { profile, state }) {
  const names = functions(profile).sort((x, y) => y.total - x.total).slice(0, 300).map((r) => profile.names[r.name]);
  const words = h("p", { class: "why-text", "aria-live": "polite" });
  const show = () => (words.textContent = rulerWords(profile, a.input.value, b.input.value));
  const a = nameField("A", names, state.fn || names[0], show);
  const b = nameField("B", names, names.find((n) => n !== a.input.value) ?? "", show);
  openPopup(button, "Reading ruler", h("div", { class: "column ruler" }, h("h3", {}, "Reading ruler"), a.root, b.root, words));
  show();
}

/** Hides graph and table until a guess is there, then shows both. */
function predict(shownNow, panel) {
  const { profile } = shownNow;
  const rows = functions(profile).sort((x, y) => y.self - x.self);
  const [top] = rows;
  if (!top || panel.querySelector(".predict")) return;
  const stage = panel.querySelector(".stage");
  const offered = [...new Set(rows.slice(0, 12).map((r) => profile.names[r.name]))].sort();
  const pick = h("select", { "aria-label": "Function" }, offered.map((n) => h("option", { value: n }, shown(n, 60))));
  const percent = h("input", { type: "number", min: "1", max: "100", value: "50", "aria-label": "Percent" });
  const box = h("section", { class: "card pad predict", "aria-label": "Predict first" }, h("h2", {}, "Predict first"),
    h("p", {}, "Which function does most of the work by itself (self), and which share of all samples is it?"),
    h("form", { class: "diff-tools", on: { submit: (e) => {
      e.preventDefault();
      stage.hidden = false;
      reveal(box, { name: pick.value, part: Number(percent.value) / 100 }, { name: profile.names[top.name], part: top.self / profile.total });
    } } }, pick, percent, h("span", {}, "%"), h("button", { type: "submit", class: "primary" }, "Reveal"),
    h("button", { type: "button", class: "quiet", on: { click: () => {
      stage.hidden = false;
      box.remove();
    } } }, "Never mind")));
  stage.hidden = true;
  stage.before(box);
  pick.focus();
}

/** The guess stays as an outline over the truth. */
function reveal(box, guess, truth) {
  const bar = (kind, part) => h("i", { class: kind, style: { width: `${part * 100}%` } });
  const right = guess.name === truth.name;
  const off = Math.abs(guess.part - truth.part);
  box.replaceChildren(h("h2", {}, right ? "That is the one" : `It is ${shown(truth.name, 60)}`),
    h("p", {}, `You said ${shown(guess.name, 60)} with ${share(guess.part)}; it is ${shown(truth.name, 60)} with ${share(truth.part)}${right ? `, ${(off * 100).toFixed(0)} points off` : ""}.`),
    h("div", { class: "guess-bar", role: "img", "aria-label": `Truth ${share(truth.part)}, guess ${share(guess.part)}` }, bar("truth", truth.part), bar("guess", guess.part)),
    h("button", { type: "button", on: { click: () => box.remove() } }, "Close"));
  box.querySelector("button").focus();
}

/** @param {HTMLElement} button @param {object} shownNow what Explore shows */
export function openLearn(button, shownNow) {
  const panel = button.closest(".panel");
  openPopup(button, "Learn to read it", h("div", { class: "column" },
    choice("Name the parts of the picture", () => anatomy(panel.querySelector(".graph-card"))),
    choice("Reading ruler: two functions", () => openRuler(button, shownNow)),
    choice("Predict first, then reveal", () => predict(shownNow, panel)),
    h("a", { class: "choice", href: "/docs" }, "How a sample becomes a rectangle")));
}
