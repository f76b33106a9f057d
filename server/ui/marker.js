/**
 * The panel of a marker: a new one at a moment of the timeline, or what one
 * says, the diff of before and after it, and its removal.
 */
import { say } from "./clip.js";
import { h } from "./dom.js";
import { choice, closePopup, openPopup } from "./popup.js";
import { serviceOf, parseQuery } from "./query.js";
import { aroundMarker } from "./sides.js";
import { clock } from "./time.js";

const PATH = "/api/annotations";
const KINDS = ["note", "deploy", "fault"];
const MOST_TEXT = 200;

const ms = (t) => String(Math.round(t));

/** The server keeps or removes it, then the timeline knows. */
async function change(app, done, url, init) {
  closePopup();
  try {
    await app.api.json("marker", url, init);
    say(done);
    await app.data.loadMarkers(app.store.state);
  } catch (e) {
    say(`The marker was not changed: ${e.message}`);
  }
}

function newMarker(app, at, where) {
  const text = h("input", { "aria-label": "What happened", placeholder: "what happened, such as “deploy v2”", maxlength: String(MOST_TEXT), required: true });
  const kind = h("select", { "aria-label": "Kind" }, KINDS.map((k) => h("option", { value: k }, k)));
  const form = h("form", { class: "marker-form", on: { submit: (e) => {
    e.preventDefault();
    const content = text.value.trim();
    if (!content) return;
    change(app, "The marker is set.", PATH, { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ appName: serviceOf(parseQuery(app.store.state.query)), content, kind: kind.value, timestamp: Math.round(at) }) });
  } } }, text, kind, h("button", { type: "submit", class: "primary" }, "Set"));
  openPopup(where, "New marker", h("h3", {}, `Marker at ${clock(at, { utc: app.store.state.tz === "utc" })}`), form);
}

function oldMarker(app, flag, where) {
  const sides = () => {
    const [a, b] = aroundMarker(flag.at, app.api.now());
    app.go("diff", { leftQuery: "", rightQuery: "", leftFrom: ms(a.from), leftUntil: ms(a.until), rightFrom: ms(b.from), rightUntil: ms(b.until) });
  };
  openPopup(where, "Marker", h("div", { class: "column marker" },
    h("h3", {}, `${flag.kind} at ${clock(flag.at, { utc: app.store.state.tz === "utc", day: true })}`),
    h("p", { class: "why-text" }, h("bdi", {}, flag.text)),
    choice("Diff of before and after", sides),
    flag.id ? choice("Remove this marker", () => change(app, "The marker is removed.", `${PATH}/${encodeURIComponent(flag.id)}`, { method: "DELETE" })) : null));
}

/** @param {object} app @param {{at: number, flag: object|null, where: object}} what */
export function openMarker(app, { at, flag, where }) {
  if (flag) oldMarker(app, flag, where);
  else newMarker(app, at, where);
}
