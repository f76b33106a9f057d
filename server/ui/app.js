/**
 * Starts the page: header, theme, keys, live refresh, and the way from the
 * address to what is shown. State flows one way: address -> data -> parts;
 * parts only ask for a new address.
 */
import { Api } from "./api.js";
import { Data } from "./data.js";
import { addStyles, h, icon, isTyping } from "./dom.js";
import { Explore } from "./explore.js";
import { formatQuery, withService } from "./query.js";
import { offeredTypes } from "./strings.js";
import { keepSetting, setting, Store } from "./store.js";
import { pathOf } from "./url.js";

/** The service of the workshop; chosen first when there are several. */
const WORKSHOP = /^workshop\./;
const LIVE_S = 5;
const EMPTY_TRY_MS = 2000;
/** The other parts come after the first picture, or without one after this. */
const REST_AFTER_MS = 300;
const THEMES = ["system", "light", "dark", "projector"];
const NAMES = { explore: "Explore", comparison: "Comparison", diff: "Diff", tags: "Tags", adhoc: "Ad hoc", workshop: "Workshop", status: "Status", docs: "Docs" };
/** Pages but Explore: each module has a class Page. */
const PAGES = {
  comparison: () => import("./comparison.js"), diff: () => import("./diff_page.js"), tags: () => import("./tags.js"),
  adhoc: () => import("./adhoc.js"), workshop: () => import("./workshop.js"), status: () => import("./status.js"), docs: () => import("./docs.js"),
};
const DARK = matchMedia("(prefers-color-scheme: dark)");

class App {
  constructor() {
    this.store = new Store();
    this.firstZoom = this.store.state.zoom;
    this.api = new Api(() => this.drawn());
    this.fresh = new Data(this.api, () => this.drawn());
    this.data = this.fresh;
    this.theme = readTheme();
    this.searching = null;
    this.rest = null;
    this.#makeHeader();
    this.main = document.querySelector("main");
    this.#applyTheme();
    this.#listen();
    this.#open(this.store.state);
  }

  #makeHeader() {
    this.liveButton = h("button", { class: "quiet live", type: "button", title: "Refresh every 5 s (l)",
      on: { click: () => this.toggleLive() } });
    this.themeButton = h("button", { class: "quiet", type: "button", on: { click: () => this.#nextTheme() } });
    this.heading = h("h1", { class: "unseen" });
    this.runText = h("span", { class: "run" });
    this.banner = h("div", { class: "banners", role: "status" });
    const helpButton = h("button", { class: "quiet", type: "button", title: "Keys and help (?)", "aria-label": "Help",
      on: { click: async () => (await import("./help.js")).showHelp() } }, "?");
    this.links = Object.entries(NAMES).map(([page, text]) =>
      h("a", { href: pathOf(page), "data-page": page, on: { click: (e) => this.#go(e, page) } }, text));
    document.querySelector("header").replaceChildren(this.heading,
      h("a", { class: "logo", href: "/", "aria-label": "Flamekit, start", on: { click: (e) => this.#go(e, "explore") } },
        h("span", { class: "mark", "aria-hidden": "true" }, h("i"), h("i"), h("i")), "Flamekit"),
      h("nav", { "aria-label": "Pages" }, this.links),
      h("span", { class: "spring" }), this.runText, this.liveButton, this.themeButton, helpButton);
    document.querySelector("header").after(this.banner);
  }

  #listen() {
    this.store.subscribe((state, before) => this.#changed(state, before));
    addEventListener("fk-set", (e) => this.store.push(e.detail));
    addEventListener("fk-type", (e) => this.store.type(e.detail.field, e.detail.patch));
    addEventListener("fk-live", () => this.toggleLive());
    addEventListener("fk-painted", () => this.#loadRest(), { once: true });
    addEventListener("keydown", (e) => this.#key(e));
    addEventListener("pointermove", () => (this.touchedAt = Date.now()), { passive: true });
    DARK.addEventListener("change", () => this.drawn());
  }

  // ---- pages and data ----------------------------------------------------

  async #open(state) {
    for (const link of this.links) {
      if (link.dataset.page !== state.page) link.removeAttribute("aria-current");
      else {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
    this.page = state.page;
    this.other?.close?.();
    this.other = null;
    this.data = this.fresh;
    this.heading.textContent = NAMES[state.page] ?? "Snapshot";
    document.title = `${this.heading.textContent} · Flamekit`;
    if (PAGES[state.page]) {
      this.explore = null;
      const [{ Page }] = await Promise.all([PAGES[state.page](), this.#loadRest(), (this.styled ??= addStyles("./pages.css"))]);
      if (this.page !== state.page) return;
      this.other = new Page(this.main, this);
      this.other.changed(this.store.state, null);
      this.drawn();
      return;
    }
    if (state.shot) this.data = new (await import("./snapshot.js")).Frozen(this);
    if (this.page !== state.page) return;
    this.explore = new Explore(this.main, { set: (patch) => this.store.push(patch) });
    this.drawn();
    setTimeout(() => this.#loadRest(), REST_AFTER_MS);
    if (state.query || state.shot) this.data.load(state);
    if (state.shot) return;
    await this.begin();
    this.#tick();
  }

  /** Chooses a service when the address names none. */
  async begin() {
    if (this.store.state.query) return true;
    const catalog = await this.data.loadCatalog();
    if (!catalog || this.store.state.query) return false;
    const service = [...catalog.keys()].find((s) => WORKSHOP.test(s)) ?? [...catalog.keys()][0];
    if (service === undefined) return false;
    const [type] = offeredTypes(catalog.get(service));
    const query = formatQuery({ type: type.id, matchers: withService(service, []) });
    this.store.replace({ query, live: this.explore ? LIVE_S : 0 });
    return true;
  }

  #changed(state, before) {
    if (state.page !== this.page || state.shot !== before.shot) {
      this.#open(state);
      return;
    }
    if (!this.explore) {
      this.other?.changed(state, before);
      this.drawn();
      return;
    }
    const asked = (s) => [s.query, s.from, s.until, s.maxNodes].join("\n");
    if (asked(state) !== asked(before)) this.data.load(state);
    else if (state.sel !== before.sel) this.data.load(state, { onlyGraph: true });
    if (state.live !== before.live) this.#tick();
    if (state.q && !this.searching) this.loadSearch();
    this.rest?.seen(state, before);
    this.drawn();
  }

  /** Parts that the first picture can do without. */
  #loadRest() {
    this.resting ??= addStyles("./parts.css").then(() => import("./rest.js")).then((rest) => {
      this.rest = rest.start(this);
      this.drawn();
    });
    return this.resting;
  }

  /** Brings the search module, once. */
  async loadSearch() {
    this.searching = await import("./search.js");
    this.drawn();
  }

  get busyHands() {
    return this.rest?.busy() || Date.now() - (this.touchedAt ?? 0) < 400;
  }

  /** One beat of live refresh, or of waiting for the first profile. */
  #tick() {
    clearTimeout(this.timer);
    const { state } = this.store;
    const waiting = !state.query;
    if (!state.live && !waiting) return;
    this.timer = setTimeout(async () => {
      if (this.page === "explore" && !document.hidden && !this.api.away && !this.busyHands) {
        if (waiting) await this.begin();
        else await this.#refresh();
      }
      this.#tick();
    }, waiting ? EMPTY_TRY_MS : state.live * 1000);
  }

  async #refresh() {
    if (!this.data.now.profile?.total) await this.data.loadCatalog();
    await this.data.load(this.store.state);
  }

  toggleLive() {
    const { state } = this.store;
    if (state.live) this.store.push({ live: 0 });
    else this.store.push({ live: LIVE_S, ...(state.until === "now" ? {} : { from: "now-5m", until: "now" }), sel: "" });
  }

  // ---- showing -----------------------------------------------------------

  /** Something changed: the parts are given it with the next frame. */
  drawn() {
    this.drawing ||= requestAnimationFrame(() => {
      this.drawing = 0;
      this.#draw();
    });
  }

  #draw() {
    const { state } = this.store;
    const { api, data } = this;
    if (state.q && !this.searching) this.loadSearch();
    this.liveButton.replaceChildren(icon(state.live ? "pause" : "play"), state.live ? `live ${state.live} s` : "live off");
    this.liveButton.hidden = state.page !== "explore";
    this.liveButton.setAttribute("aria-pressed", String(state.live > 0));
    this.runText.textContent = data.now.run ? `run ${data.now.run}` : "";
    const dark = this.dark;
    this.explore?.update(state, data.now, { dark, searching: this.searching, rest: this.rest, away: api.away, big: this.big });
    this.other?.draw?.(state);
    this.rest?.drawn(data.now);
    if (this.wasAway && !api.away && this.explore) this.data.load(state);
    this.wasAway = api.away !== null;
  }

  get dark() {
    return this.theme === "dark" || (this.theme === "system" && DARK.matches);
  }

  /** For the back row. */
  get big() {
    return this.theme === "projector";
  }

  #applyTheme() {
    document.documentElement.dataset.theme = this.theme;
    this.themeButton.replaceChildren(icon("theme"));
    const words = `Theme: ${this.theme}`;
    this.themeButton.title = words;
    this.themeButton.setAttribute("aria-label", words);
  }

  #nextTheme() {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    keepSetting("theme", this.theme);
    this.#applyTheme();
    this.drawn();
  }

  // ---- navigation and keys -----------------------------------------------

  #go(event, page) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.go(page);
  }

  /** Another page with the same query, range and sides. */
  go(page, patch = {}) {
    this.store.push({ page, shot: "", zoom: "", fn: "", ...patch });
  }

  async #key(e) {
    if (e.defaultPrevented) return;
    const single = e.key.length === 1 && !e.ctrlKey && !e.metaKey && !e.altKey;
    if (single && setting("keys") === "off") return;
    const searchKey = e.key === "/" || (e.key === "f" && (e.ctrlKey || e.metaKey));
    if (searchKey && !isTyping(e.target)) e.preventDefault();
    await this.#loadRest();
    this.rest.key(e, searchKey);
  }
}

function readTheme() {
  const kept = setting("theme");
  return THEMES.includes(kept) ? kept : "system";
}

new App();
