/**
 * The panel that chooses a service: type to narrow, with a small curve of the
 * last hour and when each was last heard of.
 */
import { seriesBy } from "./ask.js";
import { h, s } from "./dom.js";
import { plural, span } from "./format.js";
import { closePopup, openPopup } from "./popup.js";
import { offeredTypes } from "./strings.js";

const HOUR_MS = 3600e3;
const STEP_S = 60;
const MOST_TYPES = 3;
const SHOWN = 40;
const [WIDTH, HEIGHT] = [90, 20];
/** Younger data than this is "now": senders upload every 15 s. */
const NOW_MS = 90e3;

/** A curve of points in a small box. @param {{t: number, v: number}[]} points @param {number} from @param {number} until */
export function sparkline(points, from, until) {
  const top = points.reduce((m, p) => Math.max(m, p.v), 0) || 1;
  const x = (t) => ((t - from) / (until - from)) * WIDTH;
  const bars = points.map((p) => `M${x(p.t).toFixed(1)} ${HEIGHT}V${(HEIGHT - 1 - (p.v / top) * (HEIGHT - 3)).toFixed(1)}`).join("");
  return s("svg", { class: "spark", width: WIDTH, height: HEIGHT, "aria-hidden": "true" }, s("path", { d: bars }));
}

/** service -> points of the last hour, from the type that most services send. */
async function lastHour(api, catalog, until) {
  const out = new Map();
  const types = [...new Set([...catalog.values()].map((t) => offeredTypes(t)[0].id))].slice(0, MOST_TYPES);
  for (const type of types) {
    const series = await seriesBy(api, { type, matchers: [] }, "service_name", { from: until - HOUR_MS, until }, STEP_S).catch(() => []);
    for (const { value, points } of series) if (!out.has(value)) out.set(value, points);
  }
  return out;
}

function lastSeen(points, now) {
  if (!points?.length) return "quiet for an hour";
  const age = now - points.at(-1).t;
  return age < NOW_MS ? "sending now" : `last seen ${span(age)} ago`;
}

/**
 * @param {HTMLElement} button
 * @param {{api: object, catalog: Map<string, string[]>, service: string, choose: (service: string) => void}} props
 */
export async function openServices(button, { api, catalog, service, choose }) {
  const input = h("input", { type: "search", class: "service-search", placeholder: "type to narrow", "aria-label": "Find a service", spellcheck: "false" });
  const list = h("div", { class: "column service-list" });
  const count = h("small", { class: "service-count" });
  const now = api.now();
  let hour = null;
  const show = () => {
    const words = input.value.toLowerCase();
    const found = [...catalog.keys()].filter((name) => name.toLowerCase().includes(words));
    list.replaceChildren(...found.slice(0, SHOWN).map((name) => h("button", { type: "button", class: "choice service-choice", "aria-current": name === service ? "true" : null,
      on: { click: () => {
        closePopup();
        choose(name);
      } } }, h("span", { class: "service-name" }, name, h("small", {}, hour ? lastSeen(hour.get(name), now) : " ")),
    hour?.get(name) ? sparkline(hour.get(name), now - HOUR_MS, now) : null)));
    count.textContent = found.length > SHOWN ? `${found.length - SHOWN} more: type to narrow` : plural(found.length, "service");
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (e) => e.key === "Enter" && list.querySelector("button")?.click());
  show();
  if (!openPopup(button, "Service", input, list, count)) return;
  hour = await lastHour(api, catalog, now);
  show();
}
