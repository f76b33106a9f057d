/**
 * Talks to the server: one newest request a channel, a plain error sentence,
 * and a watch on whether the server is there at all.
 */
import { formatQuery, formatSelector } from "./query.js";

/** @typedef {import("./time.js").Range} Range */
/** @typedef {import("./query.js").Query} Query */

/** Waits between tries while the server is away, in seconds. */
const BACK_OFF_S = [1, 2, 4, 8];
export const QUERIER = "/querier.v1.QuerierService/";

export class ApiError extends Error {
  /** @param {string} message @param {number} status 0 when there was no answer */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
  /** The server is not there, or not ready. */
  get away() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** @param {{points?: {timestamp: string, value?: number}[]}} [series] as the wire has it */
export function pointsOf({ points = [] } = {}) {
  return points.map((p) => ({ t: Number(p.timestamp), v: Number(p.value ?? 0) }));
}

function sentence(status, body, type) {
  if (type.includes("json")) {
    try {
      const { message } = JSON.parse(body);
      if (message) return String(message).slice(0, 500);
    } catch {
      // not JSON after all: the status has to do
    }
  }
  return `The server answered ${status} to this request.`;
}

export class Api {
  #channels = new Map();
  #retry = 0;
  #timer = 0;
  #probing = false;

  /** @param {(away: {since: number, nextTry: number}|null) => void} onAway */
  constructor(onAway) {
    this.onAway = onAway;
    /** @type {{since: number, nextTry: number}|null} */
    this.away = null;
    /** Server's clock minus this one's. */
    this.skew = 0;
  }

  now() {
    return Date.now() + this.skew;
  }

  /**
   * The answer's text; a newer call on the channel cancels this one, which
   * then rejects with an AbortError.
   * @param {string} channel
   * @param {string} url
   * @param {RequestInit} [init]
   * @returns {Promise<string>}
   */
  async text(channel, url, init = {}) {
    this.#channels.get(channel)?.abort();
    const control = new AbortController();
    this.#channels.set(channel, control);
    let response;
    let body;
    try {
      response = await fetch(url, { ...init, signal: control.signal });
      body = await response.text();
    } catch (e) {
      if (e.name === "AbortError") throw e;
      throw this.#noticed(new ApiError("The server does not answer.", 0));
    } finally {
      if (this.#channels.get(channel) === control) this.#channels.delete(channel);
    }
    if (response.ok) return this.#back(body);
    const type = response.headers.get("content-type") ?? "";
    throw this.#noticed(new ApiError(sentence(response.status, body, type), response.status));
  }

  /** @returns {Promise<any>} */
  async json(channel, url, init) {
    const body = await this.text(channel, url, init);
    try {
      return JSON.parse(body);
    } catch {
      throw new ApiError(`The answer of ${url.split("?")[0]} is not JSON; is this address Flamekit's?`, 200);
    }
  }

  /** A call that carries JSON. @param {string} channel @param {string} url @param {object} message */
  post(channel, url, message) {
    return this.json(channel, url, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
  }

  // ---- is it there? ------------------------------------------------------

  #back(body) {
    if (this.away) {
      clearTimeout(this.#timer);
      this.away = null;
      this.#retry = 0;
      this.onAway(null);
    }
    return body;
  }

  #noticed(error) {
    if (!error.away) this.#back();
    else if (!this.away) {
      this.away = { since: Date.now(), nextTry: 0 };
      this.#plan();
    }
    return error;
  }

  #plan() {
    const wait = BACK_OFF_S[Math.min(this.#retry++, BACK_OFF_S.length - 1)] * 1000;
    this.away.nextTry = Date.now() + wait;
    this.onAway(this.away);
    this.#timer = setTimeout(() => this.probe(), wait);
  }

  /** Asks whether the server is back, now. */
  async probe() {
    if (this.#probing) return;
    this.#probing = true;
    clearTimeout(this.#timer);
    try {
      await this.hello();
    } catch {
      // still away; the next try is planned below
    }
    this.#probing = false;
    if (this.away) this.#plan();
  }

  // ---- what can be asked -------------------------------------------------

  /** Who answers, and its clock. */
  async hello() {
    const begun = Date.now();
    const hello = await this.json("hello", "/api/kit/hello");
    const took = Date.now() - begun;
    const skew = Number(hello.now) - (begun + took / 2);
    // A slow answer tells the time no better than to half of what it took.
    if (Number.isFinite(skew)) this.skew = Math.abs(skew) > 1000 + took / 2 ? Math.round(skew) : 0;
    return hello;
  }

  /** Services and their profile types. @param {Range} range @returns {Promise<Map<string, string[]>>} */
  async catalog(range) {
    const answer = await this.post("catalog", `${QUERIER}Series`, {
      matchers: [], labelNames: ["service_name", "__profile_type__"],
      start: range.from, end: range.until,
    });
    const out = new Map();
    for (const { labels = [] } of answer.labelsSet ?? []) {
      const of = Object.fromEntries(labels.map((l) => [l.name, l.value]));
      if (!of.service_name || !of.__profile_type__) continue;
      const types = out.get(of.service_name) ?? [];
      if (!types.includes(of.__profile_type__)) types.push(of.__profile_type__);
      out.set(of.service_name, types.sort());
    }
    return new Map([...out].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  renderUrl(query, range, maxNodes) {
    const p = new URLSearchParams({
      query: formatQuery(query), from: String(Math.round(range.from)),
      until: String(Math.round(range.until)), "max-nodes": String(maxNodes), format: "json",
    });
    return `/pyroscope/render?${p}`;
  }

  /** The flame graph document. @param {Query} query @param {Range} range @param {number} maxNodes */
  render(query, range, maxNodes, channel = "graph") {
    return this.json(channel, this.renderUrl(query, range, maxNodes));
  }

  /** Points of the timeline. @param {Query} query @param {Range} range @param {number} step seconds @returns {Promise<{t: number, v: number}[]>} */
  async series(query, range, step) {
    const answer = await this.post("series", `${QUERIER}SelectSeries`, {
      profileTypeID: query.type, labelSelector: formatSelector(query.matchers),
      start: range.from, end: range.until, step,
    });
    return pointsOf(answer.series?.[0]);
  }

  /** @param {Range} range @returns {Promise<any[]>} */
  async annotations(range) {
    const p = new URLSearchParams({ from: String(Math.round(range.from)), until: String(Math.round(range.until)) });
    const answer = await this.json("annotations", `/api/annotations?${p}`);
    return Array.isArray(answer) ? answer : [];
  }

  /** @returns {Promise<string>} */
  metrics() {
    return this.text("metrics", "/metrics");
  }

  /** Tells what was looked at. Never in the way: failures are silent. @param {object} seen */
  activity(seen) {
    const init = { method: "POST", keepalive: true,
      headers: { "Content-Type": "application/json" }, body: JSON.stringify(seen) };
    fetch("/api/kit/activity", init).catch(() => {});
  }
}
