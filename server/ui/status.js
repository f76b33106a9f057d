/**
 * The Status page: is data arriving, from whom, and how much was lost.
 */
import { h } from "./dom.js";
import { decode } from "./flamebearer.js";
import { plural, share, significant, span, value } from "./format.js";
import { mark } from "./mark.js";
import { withService } from "./query.js";
import { profilerShare } from "./ruler.js";
import { offeredTypes, samplesTypeOf } from "./strings.js";
import { clock } from "./time.js";

const EVERY_MS = 5000;
const RECENT_MS = 120e3;
const DAY_MS = 86400e3;

/** Counters worth a row, read from Prometheus text. @param {string} text @returns {{name: string, value: number, help: string}[]} */
export function readMetrics(text) {
  const help = new Map();
  const sums = new Map();
  for (const line of text.split("\n")) {
    const about = /^# HELP (\S+) (.*)$/.exec(line);
    if (about) help.set(about[1], about[2]);
    const m = /^([a-z_]\w*)(?:\{.*\})?\s+([-0-9.e+]+)$/i.exec(line);
    if (m && !/_(?:bucket|sum|count)$/.test(m[1])) sums.set(m[1], (sums.get(m[1]) ?? 0) + Number(m[2]));
  }
  return [...sums].map(([name, value]) => ({ name, value, help: help.get(name) ?? "" }));
}

/** The last minutes whose samples tell the cost, and of how many services. */
const COST_MS = 300e3;
const COSTED = 8;
const COST_NODES = 4096;

/** A metric's value in the unit that its name tells. */
const inWords = ({ name, value: v }) => (name.endsWith("_ms") ? clock(v, { day: true }) : value(v, /bytes|nanoseconds|$/.exec(name)[0]));

/** Looks at threads that woke up meanwhile are no loss. */
const isLoss = (name) => !/looks/.test(name) && /drop|lost|discard|reject|skip|fail|error/.test(name);

export class Page {
  /** @param {HTMLElement} root @param {{api: import("./api.js").Api}} app */
  constructor(root, { api }) {
    this.api = api;
    this.root = h("div", { class: "status" });
    root.replaceChildren(this.root);
    this.#turn();
  }

  /** Nothing of the address concerns this page. */
  changed() {}

  async #turn() {
    if (!this.root.isConnected) return;
    if (!document.hidden) await this.#load();
    setTimeout(() => this.#turn(), EVERY_MS);
  }

  async #load() {
    try {
      const now = this.api.now();
      const hello = await this.api.hello().catch(() => null);
      const catalog = await this.api.catalog({ from: now - DAY_MS, until: now + RECENT_MS });
      const recent = await this.api.catalog({ from: now - RECENT_MS, until: now + RECENT_MS });
      const metrics = await this.api.metrics().then(readMetrics).catch(() => []);
      this.#show(hello, catalog, recent, metrics, await this.#costs(recent, now));
    } catch (e) {
      if (e.name === "AbortError") return;
      this.root.replaceChildren(h("section", { class: "card pad" }, h("h2", {}, "The server is not answering"), h("p", {}, e.message)));
    }
  }

  /** What the profiler uses inside of each program, by its own samples. */
  async #costs(recent, now) {
    const range = { from: now - COST_MS, until: now };
    const out = [];
    for (const [service, types] of [...recent].slice(0, COSTED)) {
      const cpu = types.find((t) => t.startsWith("process_cpu:cpu:"));
      if (!cpu) continue;
      const ask = (type, nodes) => this.api.render({ type, matchers: withService(service, []) }, range, nodes, `cost ${service}`);
      const counted = samplesTypeOf(cpu, types);
      const profile = decode((await ask(cpu, COST_NODES)).flamebearer);
      const samples = counted ? Number((await ask(counted, 1)).flamebearer?.numTicks ?? 0) : null;
      out.push({ service, part: profilerShare(profile), cores: profile.total / 1e6 / COST_MS, samples });
    }
    return out;
  }

  #cost(rows) {
    const seconds = COST_MS / 1000;
    return h("section", { class: "card pad" }, h("h2", {}, "What profiling costs", mark("cost", "this cost")), rows.length === 0 ? h("p", {}, "No CPU profile came in the last minutes.")
      : h("table", {}, h("thead", {}, h("tr", {}, ["Service", "CPU used", "Samples", "In the profiler itself"].map((t) => h("th", { scope: "col" }, t)))),
        h("tbody", {}, rows.map((r) => h("tr", {}, h("td", {}, r.service), h("td", {}, `${significant(r.cores)} cores`),
          h("td", {}, r.samples === null ? "not counted" : `${significant(r.samples / seconds)} per second`), h("td", {}, share(r.part)))))),
      h("p", { class: "note" }, "By the samples of the last 5 min, without the handler, which cannot interrupt itself: make bench BENCH=overhead measures all."));
  }

  #show(hello, catalog, recent, metrics, costs) {
    const losses = metrics.filter((m) => isLoss(m.name));
    const others = metrics.filter((m) => !isLoss(m.name) && m.name.startsWith("flamekit_"));
    this.root.dataset.ready = "1";
    this.root.replaceChildren(
      h("section", { class: "card pad" }, h("h2", {}, "Server"), hello
        ? h("p", {}, `${hello.kit} ${hello.component} ${hello.version}, run ${hello.run || "without a name"}, process ${hello.pid}, up for ${span(hello.now - hello.startedAt)} since ${clock(hello.startedAt, { day: true })}.`)
        : h("p", {}, "Answers without saying who it is.")),
      h("section", { class: "card pad" }, h("h2", {}, "Who sends"), catalog.size === 0 ? h("p", {}, "No profile arrived in the last 24 hours.")
        : h("table", {}, h("thead", {}, h("tr", {}, ["Service", "Now", "Profile types"].map((t) => h("th", { scope: "col" }, t)))),
          h("tbody", {}, [...catalog].map(([name, types]) => h("tr", {}, h("td", {}, name),
            h("td", {}, recent.has(name) ? h("span", { class: "dot on" }, "sending") : h("span", { class: "dot" }, "quiet for 2 min")),
            h("td", {}, offeredTypes(types).map((t) => t.label).join(", "))))))),
      this.#cost(costs),
      this.#counters("Losses", losses, "The server counts no losses."),
      others.length ? this.#counters("Counters", others, "") : "");
  }

  #counters(title, rows, none) {
    const isLosses = title === "Losses";
    const table = (some) => h("table", {}, h("tbody", {}, some.map((r) =>
      h("tr", {}, h("td", {}, r.help || r.name, h("small", {}, " ", h("code", {}, r.name))), h("td", { class: "number" }, inWords(r))))));
    const zeros = isLosses ? rows.filter((r) => r.value === 0) : rows;
    return h("section", { class: "card pad" }, h("h2", {}, title, isLosses ? mark("lost", "a loss") : null),
      isLosses ? h("p", {}, rows.length === 0 ? none : zeros.length < rows.length ? "Lost since the start:" : "Nothing was lost since the start.") : null,
      zeros.length < rows.length ? table(rows.filter((r) => r.value)) : null,
      zeros.length ? h("details", { open: this.opened === title, on: { toggle: (e) => (this.opened = e.target.open ? title : "") } },
        h("summary", {}, plural(zeros.length, "counter") + (isLosses ? " at 0" : "")), table(zeros)) : null);
  }
}
