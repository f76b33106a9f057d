/**
 * Everything that may arrive after the first picture, and the wiring between
 * those parts and the page.
 */
import { Activity } from "./activity.js";
import { labelNames, labelValues } from "./ask.js";
import { showBanners } from "./banners.js";
import { handleKey, stepMatch } from "./keys.js";
import { popupIsOpen } from "./popup.js";
import { folded, foldsOf, grafted, invertedRows } from "./fold.js";
import { addSplitter } from "./splitter.js";
import { Subtree } from "./subtree.js";
import { findPath } from "./layout.js";
import { parseQuery, withService, serviceOf } from "./query.js";
import { give, h } from "./dom.js";
import { setting } from "./store.js";
import "./picker.js";
import "./timeline.js";
import "./facts.js";
import "./tools.js";
import "./crumbs.js";
import "./table.js";
import "./tip.js";
import "./overview.js";
import "./graph_keys.js";

const COUNTDOWN_MS = 1000;
const WIDE_PX = 900;

class Rest {
  #diagnosed = "";

  /** @param {object} app */
  constructor(app) {
    this.app = app;
    this.zoom = app.firstZoom; // a click may have come before this module
    this.subtree = new Subtree(app);
    this.activity = new Activity(app.api, () => app.explore?.shown);
    addEventListener("fk-painted", () => this.#painted());
    addEventListener("fk-menu", (e) => this.#menu(e.detail));
    addEventListener("fk-row", (e) => app.explore && give(app.explore.graph, { fn: e.detail || app.store.state.fn }));
    addEventListener("fk-step", (e) => stepMatch(app, e.detail));
    addEventListener("fk-compare", (e) => this.#compare(e.detail));
    addEventListener("fk-services", (e) => this.#services(e.detail));
    addEventListener("fk-again", () => app.data.load(app.store.state));
    addEventListener("fk-mark", async (e) => (await import("./marker.js")).openMarker(app, e.detail));
    addEventListener("fk-app", (e) => (e.detail.app = app));
    addEventListener("fk-complete", (e) => this.#complete(e.detail));
    addEventListener("pointermove", (e) => this.#halo(e), { passive: true });
    addEventListener("dragover", (e) => e.preventDefault());
    addEventListener("drop", (e) => this.#drop(e));
    setInterval(() => app.api.away && showBanners(app.banner, app.api, app.data.now), COUNTDOWN_MS);
    app.themeButton.before(this.keep = h("button", { class: "quiet", type: "button", title: "Favourites and snapshots", "aria-label": "Favourites and snapshots",
      "aria-haspopup": "dialog", on: { click: async () => (await import("./favourites.js")).openFavourites(this.keep, app) } }, "★"));
    this.#painted();
  }

  #painted() {
    const { explore, store, data } = this.app;
    if (!explore?.shown) return;
    if (this.split !== explore.stage) addSplitter(this.split = explore.stage);
    this.activity.painted(store.state, data.now);
    this.#welcome(explore.stage, store.state);
  }

  /** The first visit names the parts of the picture; beside an exercise or in a narrow window they would be in the way. */
  async #welcome(stage, { ex }) {
    if (setting("anatomy") || ex || innerWidth < WIDE_PX || this.welcomed === stage) return;
    this.welcomed = stage;
    const { anatomy } = await import("./learn.js");
    if (stage.isConnected) anatomy(stage.querySelector(".graph-card"), false);
  }

  /** The address changed. */
  seen(state, before) {
    this.activity.changed(state, before, this.app.data.now);
    this.newSel = state.sel && state.sel !== before.sel ? state.sel : this.newSel;
  }

  /** The parts were given `data`. */
  drawn(data) {
    const { app } = this;
    showBanners(app.banner, app.api, data);
    this.#bring(app);
    this.#showDrawer(app.store.state);
    this.subtree.drawn(app.explore?.shown);
    const { zoom } = app.store.state;
    if (app.explore?.shown && zoom !== this.zoom) {
      this.activity.zoomed(app.explore.shown, data);
      this.zoom = zoom;
    }
    if (this.newSel && data.sel && this.app.store.state.sel === this.newSel) {
      this.newSel = "";
      this.activity.selected(data);
    }
    this.#whyEmpty(data);
  }

  /** Asks once for each empty picture why it is empty. */
  async #whyEmpty(data) {
    const { explore, api } = this.app;
    const isEmpty = explore && data.profile?.total === 0 && !data.busy && data.catalog && !api.away;
    const what = isEmpty ? `${this.app.store.state.query} ${data.shownRange?.from}` : "";
    if (what === this.#diagnosed) return;
    this.#diagnosed = what;
    if (!isEmpty) return;
    try {
      const { diagnose } = await import("./diagnose.js");
      give(explore.empty, { diagnosis: await diagnose(api, data.shownQuery, data.shownRange) });
    } catch {
      give(explore.empty, { diagnosis: { known: [], culprit: null } });
    }
  }

  /** The back row sees where the pointer is. */
  #halo({ clientX, clientY }) {
    if (!this.app.big) {
      this.halo?.remove();
      return;
    }
    this.halo ??= h("div", { class: "halo" });
    if (!this.halo.isConnected) document.body.append(this.halo);
    this.halo.style.left = `${clientX}px`;
    this.halo.style.top = `${clientY}px`;
  }

  /** Files may be dropped on every page. */
  #drop(e) {
    e.preventDefault();
    const files = [...(e.dataTransfer?.files ?? [])].slice(0, 2);
    if (!files.length) return;
    if (this.app.page === "adhoc") {
      for (const file of files) this.app.other?.take(file);
      return;
    }
    this.app.dropped = files;
    this.app.go("adhoc", { q: "" });
  }

  async #menu(at) {
    const { explore, store } = this.app;
    if (!explore?.shown) return;
    const { openMenu } = await import("./menu.js");
    openMenu(explore.shown, at, { zoom: (node) => explore.zoomTo(node), set: (patch) => store.push(patch) });
  }

  /** Parts that few pictures need come with the first that does. */
  #bring({ explore, store }) {
    if (explore && !explore.empty.hidden) import("./empty.js");
    if (explore && store.state.view === "sandwich") import("./sandwich.js");
    if (explore && store.state.view === "tree") import("./calltree.js");
    if (explore && store.state.fn) import("./details.js");
  }

  /** The exercise of the address, beside every page. */
  async #showDrawer(state) {
    if (state.ex) this.drawing ??= import("./drawer.js").then(({ Drawer }) => (this.drawer = new Drawer(this.app)));
    await this.drawing;
    this.drawer?.drawn(this.app.store.state);
  }

  async #services({ button, choose }) {
    const { api, data } = this.app;
    const { openServices } = await import("./services.js");
    const service = serviceOf(parseQuery(this.app.store.state.query));
    if (data.now.catalog) openServices(button, { api, catalog: data.now.catalog, service, choose });
  }

  /** What is selected beside another range: two clicks to a diff. */
  #compare({ from, until }) {
    const { sel } = this.app.store.state;
    const [a = "", b = ""] = sel.startsWith("phase:") ? [sel] : sel.split("-");
    this.app.go("diff", { leftQuery: "", rightQuery: "", leftFrom: a, leftUntil: b, rightFrom: from, rightUntil: until });
  }

  /** Names or values for the filter field. */
  #complete(detail) {
    const { api, data, store } = this.app;
    const { range } = data.now;
    if (!range) return;
    const query = parseQuery(store.state.query);
    const whole = { ...query, matchers: withService(serviceOf(query), []) };
    const answer = detail.name ? labelValues(api, detail.name, query, range) : labelNames(api, whole, range);
    detail.answer = answer.catch(() => []);
  }

  /** The profile with what is folded away and what was fetched finer. @param {object} profile @param {string} fold @param {object|null} found of Subtree */
  reshaped(profile, fold, found) {
    const finer = found?.of === profile ? grafted(profile, findPath(profile, found.zoom).node, found.profile) : profile;
    const out = folded(finer, foldsOf(fold));
    return out.total ? out : finer;
  }

  invertedRows(profile) {
    return invertedRows(profile);
  }

  /** Somebody is in the middle of something: live refresh waits. */
  busy() {
    const { explore } = this.app;
    return popupIsOpen() || Boolean(explore?.timeline.dragging)
      || document.querySelector("dialog[open], .query-text:not([hidden])") !== null;
  }

  key(event, searchKey) {
    handleKey(this.app, event, searchKey);
  }
}

export const start = (app) => new Rest(app);
