/**
 * The lines under the header that say what is wrong: the server is away,
 * another run answers, an error with the last picture still standing.
 */
import { h } from "./dom.js";
import { span } from "./format.js";
import { clock } from "./time.js";

/** A link to a phase that is gone, a time nobody can read. */
function wrongRange(data) {
  return data.range?.wrong ? h("div", { class: "banner" },
    `“${data.range.wrong}” is no range the page can find: showing the last 5 minutes.`) : null;
}

function frozenLine({ frozen, shownRange }) {
  return frozen?.name ? h("div", { class: "banner frozen" },
    h("span", { "data-state": "frozen" }, `A snapshot of ${clock(shownRange.from, { day: true })} – ${clock(shownRange.until)}: it stays as it is. Another range or filter leads back to Explore.`)) : null;
}

/** Whole seconds: it counts on while it is read. */
const ageOf = ({ loadedAt }) => (loadedAt ? ` The picture is ${span(Math.round((Date.now() - loadedAt) / 1000) * 1000)} old.` : "");

function awayLine(away, data, probe) {
  const wait = Math.max(0, Math.ceil((away.nextTry - Date.now()) / 1000));
  return h("div", { class: "banner away" },
    h("span", { "data-state": "away" }, `The server stopped answering at ${clock(away.since)}.${ageOf(data)}`),
    h("span", { class: "wait" }, wait ? `Next try in ${wait} s.` : "Trying…"),
    h("button", { type: "button", on: { click: probe } }, "Try now"));
}

/** @param {HTMLElement} root @param {import("./api.js").Api} api @param {object} data */
export function showBanners(root, api, data) {
  const lines = [wrongRange(data), frozenLine(data)];
  if (api.away) lines.push(awayLine(api.away, data, () => api.probe()));
  else if (data.error && data.profile) {
    lines.push(h("div", { class: "banner error" },
      h("span", { "data-state": "error" }, data.error.message + ageOf(data))));
  }
  if (data.otherRun) {
    lines.push(h("div", { class: "banner other-run" },
      h("span", { "data-state": "other-run" }, `This page belongs to run ${data.run}, the server is now run ${data.otherRun}.`),
      h("button", { type: "button", on: { click: () => location.reload() } }, "Reload")));
  }
  const shown = lines.filter(Boolean);
  const key = shown.map((l) => l.textContent).join("\n");
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  root.replaceChildren(...shown);
}
