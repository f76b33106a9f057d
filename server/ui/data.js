/**
 * Fetches what the address asks for and keeps the last good picture: catalog,
 * flame graph, timeline, sample count and markers. Elements never fetch.
 */
import { decode } from "./flamebearer.js";
import { parseQuery, serviceOf } from "./query.js";
import { chooseStep, resolveRange, resolveSelection } from "./time.js";
import { samplesTypeOf } from "./strings.js";

/** @typedef {import("./url.js").State} State */
/** @typedef {import("./time.js").Range} Range */

const DAY_MS = 86400e3;
/** How far back a service counts as known. */
const CATALOG_MS = 7 * DAY_MS;
const METRICS_EVERY_MS = 15e3;
/** Clocks this far apart show another range. */
const SKEW_MS = 2000;

/** Answers that belong together; replaced as a whole, never edited. */
const NOTHING = {
  catalog: null, range: null, sel: null, query: null,
  profile: null, shownRange: null, loadedAt: 0, samples: null,
  points: [], step: 5, phases: [], flags: [], run: null, otherRun: null,
  lost: null, error: null, busy: false, skew: 0,
};

function phaseOf(a) {
  return {
    name: String(a.data?.phase ?? String(a.content).replace(/^phase:\s*/, "")),
    from: Number(a.timestamp), until: Number(a.until) > Number(a.timestamp) ? Number(a.until) : null,
    run: a.run, data: a.data ?? {},
  };
}

/**
 * Is a marker for this reader? That of another service is not, and a hidden
 * one would give an exercise away: a teacher's address says markers=all.
 */
function belongs(a, service, all) {
  const app = String(a.appName ?? "");
  const same = !app || !service || app === service || app.startsWith(`${service}.`) || app.startsWith(`${service}{`);
  return same && (all || a.visibility !== "teacher");
}

/** A phase nobody closed ends where the next one begins. */
function closed(phases) {
  const sorted = phases.sort((a, b) => a.from - b.from);
  return sorted.map((p, i) => (p.until === null && sorted[i + 1]
    ? { ...p, until: sorted[i + 1].from } : p));
}

/** Samples the server and its agents say they lost. */
function lostIn(metrics) {
  let sum = 0;
  let found = false;
  for (const line of metrics.split("\n")) {
    const m = /^(?:pyroscope_discarded_samples_total|flamekit_(?:agent_\w*dropped|\w*lost)\w*)(?:\{[^}]*\})?\s+([0-9.e+]+)/.exec(line);
    if (!m) continue;
    found = true;
    sum += Number(m[1]);
  }
  return found ? sum : null;
}

export class Data {
  #metricsAt = 0;
  #turn = 0;
  #counted = "";

  /**
   * @param {import("./api.js").Api} api
   * @param {(now: typeof NOTHING) => void} changed
   */
  constructor(api, changed) {
    this.api = api;
    this.changed = changed;
    this.now = { ...NOTHING };
  }

  #set(patch) {
    this.now = { ...this.now, ...patch };
    this.changed(this.now);
  }

  /** Services and types of the last days; `null` when it cannot be known. */
  async loadCatalog() {
    const until = this.api.now();
    try {
      this.#set({ catalog: await this.api.catalog({ from: until - CATALOG_MS, until: until + DAY_MS }) });
    } catch (e) {
      if (e.name !== "AbortError") this.#set({ error: e });
    }
    return this.now.catalog;
  }

  /** Everything for this state. @param {State} state @param {{onlyGraph?: boolean}} [how] */
  async load(state, { onlyGraph = false } = {}) {
    const turn = ++this.#turn;
    const query = parseQuery(state.query);
    if (query.error || !query.type) {
      this.#set({ query, error: null, busy: false });
      return;
    }
    if (/^(?:phase|run):/.test(`${state.from} ${state.sel}`.replace(/^\S+ (?=phase|run)/, ""))
      && !this.now.phases.length) await this.loadMarkers(state);
    if (turn !== this.#turn) return;
    const now = this.api.now();
    const range = onlyGraph && this.now.range ? this.now.range
      : resolveRange(state.from, state.until, now, this.now.phases);
    const sel = state.sel ? resolveSelection(state.sel, now, this.now.phases) : null;
    this.#set({ query, range, sel, busy: true });
    // The count of one view says nothing of another; a refresh keeps it until the next.
    const view = [state.query, state.from, state.until, state.sel].join("\n");
    const counted = this.#counted === view;
    this.#counted = view;
    await this.#loadGraph(query, sel ?? range, state.maxNodes, { turn, counted });
    if (turn !== this.#turn) return;
    this.#set({ busy: false });
    await this.#loadRest(state, sel ?? range, onlyGraph, turn);
  }

  async #loadGraph(query, shownRange, maxNodes, { turn, counted }) {
    try {
      const doc = await this.api.render(query, shownRange, maxNodes);
      const profile = decode(doc.flamebearer);
      if (turn !== this.#turn) return;
      this.#set({ profile, doc, shownRange, shownQuery: query,
        loadedAt: Date.now(), error: null, samples: counted ? this.now.samples : null });
    } catch (e) {
      if (e.name !== "AbortError" && turn === this.#turn) this.#set({ error: e });
    }
  }

  async #loadRest(state, shownRange, onlyGraph, turn) {
    if (this.api.away) return;
    const { query } = this.now;
    const jobs = [this.#loadSamples(query, shownRange, turn)];
    if (!onlyGraph) jobs.push(this.#loadSeries(query, turn), this.loadMarkers(state), this.#loadHello(state, turn), this.#loadLost());
    await Promise.allSettled(jobs);
  }

  async #loadSeries(query, turn) {
    const { range } = this.now;
    const step = chooseStep(range);
    const from = Math.floor(range.from / (step * 1000)) * step * 1000;
    const points = await this.api.series(query, { from, until: Math.round(range.until) }, step);
    if (turn === this.#turn) this.#set({ points, step });
  }

  async #loadSamples(query, shownRange, turn) {
    if (!this.now.catalog) await this.loadCatalog();
    if (turn !== this.#turn) return;
    const types = this.now.catalog?.get(serviceOf(query)) ?? [];
    const type = samplesTypeOf(query.type, types);
    let samples = null;
    if (type) {
      const doc = await this.api.render({ ...query, type }, shownRange, 1, "samples");
      samples = Number(doc.flamebearer?.numTicks ?? 0);
    } else if (query.type.split(":")[2] === "count") samples = this.now.profile?.total ?? null;
    if (turn === this.#turn) this.#set({ samples });
  }

  /** Phases and flags of the last day. @param {import("./url.js").State} state */
  async loadMarkers(state) {
    const now = this.api.now();
    const from = Math.min(now - DAY_MS, this.now.range?.from ?? now);
    try {
      const service = serviceOf(parseQuery(state.query || state.leftQuery));
      const all = (await this.api.annotations({ from, until: Math.max(now, this.now.range?.until ?? now) }))
        .filter((a) => belongs(a, service, state.markers === "all"));
      this.#set({
        phases: closed(all.filter((a) => a.kind === "phase").map(phaseOf)),
        flags: all.filter((a) => a.kind !== "phase" && a.kind !== "answer").map((a) => ({
          id: String(a.id ?? ""), at: Number(a.timestamp), kind: String(a.kind ?? "note"), text: String(a.content ?? ""),
        })),
      });
    } catch {
      // markers are an extra: the profile is worth showing without them
    }
  }

  /** Who answers; a clock that turns out to be off asks for the right range again. */
  async #loadHello(state, turn) {
    const before = this.api.skew;
    try {
      const { run = null } = await this.api.hello();
      const { skew } = this.api;
      this.#set({ skew, run: this.now.run ?? run,
        otherRun: this.now.run && run && run !== this.now.run ? run : null });
      if (turn === this.#turn && Math.abs(skew - before) > SKEW_MS) await this.load(state);
    } catch {
      // another server may speak Pyroscope and not the kit's own words
    }
  }

  async #loadLost() {
    if (Date.now() - this.#metricsAt < METRICS_EVERY_MS) return;
    this.#metricsAt = Date.now();
    try {
      this.#set({ lost: lostIn(await this.api.metrics()) });
    } catch {
      // not every server tells
    }
  }
}
