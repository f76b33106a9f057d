/**
 * The time panel: presets, this run and its phases, and a range typed by hand.
 */
import { h } from "./dom.js";
import { choice, closePopup, openPopup } from "./popup.js";
import { clock, parseTime, PRESETS, zone } from "./time.js";
import { span } from "./format.js";

const NOW_WORDS = { until: "now", sel: "" };
const PHASES_SHOWN = 8;

function typed(from, until, now, utc) {
  const a = parseTime(from, now, utc);
  const b = parseTime(until, now, utc);
  if (a === null) return { wrong: `“${from}” is no time I know; try 14:03, 2026-02-01 14:03 or now-20m.` };
  if (b === null) return { wrong: `“${until}” is no time I know; try 14:05 or now.` };
  if (b <= a) return { wrong: "The end lies before the beginning." };
  const keep = (text, ms) => (/^now/i.test(text.trim()) ? text.trim().toLowerCase() : String(ms));
  return { from: keep(from, a), until: keep(until, b) };
}

function ownRange(props, set) {
  const { state, data } = props;
  const utc = state.tz === "utc";
  const show = (text, ms) => (/^now/.test(text) ? text : clock(ms, { utc, day: true }));
  const from = h("input", { "aria-label": "From", value: show(state.from, data.range?.from ?? 0), spellcheck: "false" });
  const until = h("input", { "aria-label": "Until", value: show(state.until, data.range?.until ?? 0), spellcheck: "false" });
  const wrong = h("p", { class: "wrong", role: "alert" });
  const form = h("form", { class: "own-range", on: { submit: (e) => {
    e.preventDefault();
    const range = typed(from.value, until.value, Date.now(), utc);
    if (range.wrong) {
      wrong.textContent = range.wrong;
      return;
    }
    closePopup();
    set({ ...range, sel: "", live: 0 });
  } } }, h("label", {}, "From", from), h("label", {}, "Until", until),
  h("button", { type: "submit", class: "primary" }, "Show"), wrong);
  return form;
}

/**
 * @param {HTMLElement} button
 * @param {{state: object, data: object}} props
 * @param {(patch: object) => void} set
 */
export function openWhen(button, props, set) {
  const { state, data } = props;
  const utc = state.tz === "utc";
  const current = (from) => ({ "aria-current": state.from === from && state.until === "now" ? "true" : null });
  const presets = PRESETS.map(([from, words]) =>
    choice(words, () => set({ from, ...NOW_WORDS }), current(from)));
  const phases = [...data.phases].sort((a, b) => b.from - a.from).slice(0, PHASES_SHOWN).map((p) =>
    choice(h("span", {}, `${p.name} `, h("small", {}, `${clock(p.from, { utc })}, ${span((p.until ?? Date.now()) - p.from)}`)),
      () => set({ from: String(p.from), until: p.until ? String(p.until) : "now", sel: "" })));
  if (phases.length) presets.push(choice("This run", () => set({ from: "run:latest", ...NOW_WORDS }), current("run:latest")));
  const other = utc ? "local" : "utc";
  openPopup(button, "Time range",
    h("div", { class: "when-panel" },
      h("div", { class: "column" }, h("h3", {}, "Ranges"), presets),
      h("div", { class: "column" },
        phases.length ? [h("h3", {}, "Phases"), phases] : null,
        h("h3", {}, "Your own"), ownRange(props, set),
        choice(`Times are ${zone(Date.now(), utc)}${utc ? "" : " (local)"}: show ${other === "utc" ? "UTC" : "local time"}`,
          () => set({ tz: other }), { class: "choice zone" }))));
}
