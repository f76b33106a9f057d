/**
 * Snapshots: what Explore shows, with its data, kept by the server under an
 * id, and shown again however old it is. `Frozen` stands where the data of
 * the server stand otherwise; whoever asks for something else than was kept
 * goes back to Explore.
 */
import { decode } from "./flamebearer.js";
import { formatQuery, parseQuery, serviceOf } from "./query.js";
import { typeInfo } from "./strings.js";
import { formatUrl, parseUrl } from "./url.js";
import { encoded } from "./write.js";

const PATH = "/api/kit/snapshots";
/** Parameters that say what was asked for; a snapshot has one answer. */
const ASKED = ["query", "from", "until", "sel", "maxNodes"];

const number = (v) => (Number.isFinite(v) ? v : null);
const rangeOf = (r) => (Number.isFinite(r?.from) && r.until > r.from ? { from: r.from, until: r.until } : null);
const list = (v) => (Array.isArray(v) ? v : []);

/** Keeps what is shown. @param {import("./api.js").Api} api @param {object} view what Explore shows @returns {Promise<string>} the link */
export async function keep(api, { data, state }) {
  const { range, sel, shownRange, samples, lost, points, step, phases, flags, run } = data;
  const query = data.shownQuery;
  const fixed = { ...state, from: String(Math.round(range.from)), until: String(Math.round(range.until)), live: 0 };
  const body = JSON.stringify({ name: `${serviceOf(query)} ${typeInfo(query.type).label}`, address: formatUrl(fixed),
    query: formatQuery(query), range, sel, shownRange, samples, lost, points, step, phases, flags, run,
    doc: encoded(data.profile).flamebearer });
  const { id } = await api.json("snapshot", PATH, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return location.origin + formatUrl({ ...fixed, page: "snapshot", shot: id });
}

/** @param {import("./api.js").Api} api @returns {Promise<{id: string, name: string, made: number}[]>} newest first */
export async function kept(api) {
  return list(await api.json("snapshots", PATH)).reverse();
}

/** @param {import("./api.js").Api} api @param {string} id */
export const forget = (api, id) => api.json("forget", `${PATH}/${id}`, { method: "DELETE" });

/** What came from outside, in the shape of Data's answers. */
function thawed(s) {
  const profile = decode(s.doc);
  const phases = list(s.phases).filter(rangeOf).map((p) => ({ name: String(p.name), from: p.from, until: p.until, run: p.run, data: p.data ?? {} }));
  return {
    profile, phases, query: parseQuery(String(s.query)), shownQuery: parseQuery(String(s.query)),
    range: rangeOf(s.range), sel: rangeOf(s.sel), shownRange: rangeOf(s.shownRange) ?? rangeOf(s.range),
    samples: number(s.samples), lost: number(s.lost), step: number(s.step) ?? 5, run: s.run ? String(s.run) : null,
    points: list(s.points).filter((p) => Number.isFinite(p?.t) && Number.isFinite(p.v)),
    flags: list(s.flags).map((f) => ({ at: Number(f.at), kind: String(f.kind), text: String(f.text) })),
  };
}

export class Frozen {
  /** @param {object} app */
  constructor(app) {
    this.app = app;
    this.now = { ...app.fresh.now, profile: null, error: null, otherRun: null, busy: true, frozen: { made: 0 } };
  }

  #set(patch) {
    this.now = { ...this.now, ...patch, busy: false };
    this.app.drawn();
  }

  /** @param {import("./url.js").State} state */
  async load(state) {
    this.whole ??= this.#fetch(state.shot);
    const first = await this.whole;
    if (!first || this.app.data !== this) return;
    const now = this.app.store.state;
    if (!now.query) this.app.store.replace(Object.fromEntries(ASKED.map((name) => [name, first[name]])));
    else if (ASKED.some((name) => now[name] !== first[name])) this.app.store.push({ page: "explore", shot: "" });
  }

  /** The address that was kept, or null. */
  async #fetch(id) {
    try {
      const s = await this.app.api.json("graph", `${PATH}/${encodeURIComponent(id)}`);
      const now = thawed(s);
      if (!now.range || now.query.error) throw new Error("This snapshot cannot be read.");
      this.#set({ ...now, frozen: { name: String(s.name) } });
      const [path, search = ""] = String(s.address).split("?");
      return parseUrl(path, search);
    } catch (e) {
      if (e.name !== "AbortError") this.#set({ error: e });
      return null;
    }
  }

  /** What is asked for beside the picture does not change what was kept. */
  async loadCatalog() {
    const catalog = await this.app.fresh.loadCatalog();
    this.#set({ catalog });
    return catalog;
  }

  async loadMarkers() {}
}
