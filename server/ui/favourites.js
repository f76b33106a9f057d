/**
 * The panel of what is worth coming back to: starred views, which this
 * browser remembers as addresses, and snapshots, which the server keeps with
 * their data.
 */
import { copy, say } from "./clip.js";
import { addStyles, h, icon } from "./dom.js";
import { closePopup, openPopup } from "./popup.js";
import { parseQuery, serviceOf } from "./query.js";
import { forget, keep, kept } from "./snapshot.js";
import { typeInfo } from "./strings.js";
import { clock } from "./time.js";
import { formatUrl, parseUrl } from "./url.js";

const KEY = "flamekit.stars";
const MOST = 40;

/** @returns {{name: string, address: string}[]} */
export function stars() {
  try {
    const all = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(all) ? all.filter((s) => typeof s?.name === "string" && /^\/(?!\/)/.test(s.address)) : [];
  } catch {
    return [];
  }
}

function remember(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all.slice(0, MOST)));
  } catch {
    say("This browser does not let the page remember anything.");
  }
}

/** A name for a view, from its address. */
function nameFor(state) {
  const query = parseQuery(state.leftQuery || state.query);
  const sides = [state.leftFrom, state.rightFrom].filter(Boolean).join(" → ");
  return [serviceOf(query), query.type && typeInfo(query.type).label, state.page === "explore" ? state.sel : state.page,
    sides, state.q && `“${state.q}”`].filter(Boolean).join(" · ").slice(0, 80) || state.page;
}

function go(app, address) {
  closePopup();
  const [path, search = ""] = address.split("?");
  app.store.push(parseUrl(path, search));
}

/** A link that opens in place, and a button that removes the row. */
function row(app, { name, address, note }, remove) {
  const line = h("div", { class: "kept-row" }, h("a", { class: "choice", href: address, on: { click: (e) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    go(app, address);
  } } }, h("bdi", {}, name), note ? h("small", {}, note) : null),
  h("button", { type: "button", class: "quiet", "aria-label": `Remove ${name}`, on: { click: () => {
    line.remove();
    remove();
  } } }, icon("close")));
  return line;
}

function starRows(app) {
  return stars().map((star) => row(app, star, () => remember(stars().filter((s) => s.address !== star.address))));
}

async function shotRows(app) {
  const { api } = app;
  const all = await kept(api);
  const utc = app.store.state.tz === "utc";
  return all.map(({ id, name, made }) => row(app, { name, address: `/s/${id}`, note: clock(made, { utc, day: true }) },
    () => forget(api, id).catch((e) => say(`Not removed: ${e.message}`))));
}

/** @param {HTMLElement} button @param {object} app */
export async function openFavourites(button, app) {
  await addStyles("./pages.css");
  const { store, explore, api } = app;
  const address = formatUrl(store.state);
  const starred = h("div", { class: "kept" }, starRows(app));
  const shots = h("div", { class: "kept" }, h("small", {}, "Asking the server…"));
  const show = () => shotRows(app).then((rows) => shots.replaceChildren(...(rows.length ? rows : [h("small", {}, "none yet")])),
    (e) => shots.replaceChildren(h("small", {}, e.message)));
  const name = h("input", { "aria-label": "Name of the favourite", value: nameFor(store.state), maxlength: "80" });
  const star = h("form", { class: "star-form", on: { submit: (e) => {
    e.preventDefault();
    remember([{ name: name.value.trim() || address, address }, ...stars().filter((s) => s.address !== address)]);
    starred.replaceChildren(...starRows(app));
    say("This view is a favourite now.");
  } } }, name, h("button", { type: "submit" }, "Star"));
  const shoot = h("button", { type: "button", disabled: !explore?.shown || app.data !== app.fresh, on: { click: async () => {
    try {
      const link = await keep(api, explore.shown);
      await show();
      copy(link, "the link of the snapshot");
    } catch (e) {
      say(`Not kept: ${e.message}`);
    }
  } } }, "Keep a snapshot of this picture");
  openPopup(button, "Favourites and snapshots", h("div", { class: "column keepsakes" },
    h("h3", {}, "Favourites: views, kept by this browser"), star, starred,
    h("h3", {}, "Snapshots: pictures with their data, kept by the server"), shoot, shots));
  show();
}
