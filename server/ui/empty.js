/**
 * <fk-empty>: what stands in place of a picture, and what to do about it. No
 * state of the page is a bare "no data".
 */
import { copyButton } from "./clip.js";
import { h, Part, s } from "./dom.js";
import { plural, span } from "./format.js";
import { filtersOf, formatQuery, serviceOf, withService } from "./query.js";
import { offeredTypes, typeInfo } from "./strings.js";
import { clock } from "./time.js";

/** A flame graph that is not there yet. */
function ghost() {
  const bars = [[0, 0, 240], [0, 1, 168], [172, 1, 52], [0, 2, 132], [136, 2, 28], [172, 2, 30], [0, 3, 96], [12, 4, 40]];
  return s("svg", { class: "ghost", viewBox: "0 0 240 100", "aria-hidden": "true" },
    ...bars.map(([x, row, width]) => s("rect", { x, y: row * 20, width, height: 17, rx: 2 })));
}

function step(title, note, code) {
  return h("li", {}, h("h3", {}, title), h("p", {}, note),
    h("div", { class: "code" }, h("pre", {}, h("code", {}, code)), copyButton(code, title)));
}

class Empty extends Part {
  update(props) {
    if (this.hidden) return;
    const [name, ...content] = this.#state(props);
    const key = `${name} ${JSON.stringify(content.map((c) => c?.textContent ?? c))}`;
    if (key === this.key) return;
    this.key = key;
    this.dataset.state = name;
    this.replaceChildren(h("div", { class: "empty" }, name === "waiting" ? "" : ghost(), content));
  }

  /** Name and content of the first state that fits. */
  #state(props) {
    const { data, query, away } = props;
    if (query.error) return this.#badQuery(props);
    if (away) return this.#away();
    if (data.error) return this.#failed(data.error, props);
    if (!serviceOf(query) && data.catalog?.size === 0) return this.#never();
    if (data.busy || !data.profile || !data.catalog) return ["waiting", h("p", { class: "waiting" }, "Asking the server…")];
    if (!data.catalog.has(serviceOf(query))) return this.#unknown(props);
    return this.#nothing(props);
  }

  #badQuery({ query, state }) {
    const { at, message } = query.error;
    return ["bad-query", h("h2", {}, "This query cannot be read"),
      h("pre", { class: "caret" }, `${state.query}\n${" ".repeat(at)}^`), h("p", {}, `At character ${at + 1}: ${message}.`)];
  }

  #away() {
    return ["away", h("h2", {}, "The server is not answering"),
      h("p", {}, "Nothing has been loaded yet. This page goes on by itself as soon as the server is back.")];
  }

  #failed(error, { state }) {
    return ["error", h("h2", {}, error.status >= 500 ? "The server could not answer" : "The server refused this query"),
      h("p", { class: "server-words" }, error.message), h("pre", {}, state.query),
      h("button", { type: "button", class: "primary", on: { click: () => this.emit("fk-again") } }, "Try again")];
  }

  #never() {
    const at = location.origin;
    return ["never", h("h2", {}, "No profile has arrived yet"),
      h("p", {}, "This page waits and turns into a flame graph by itself. Three ways to send one:"),
      h("ol", { class: "ways" },
        step("Start the workshop", "Starts the demo service with the agent inside, and some traffic.", "make up && make load"),
        step("Profile any program", "Runs it with the agent preloaded; the program is not changed.",
          `PYROSCOPE_SERVER_ADDRESS=${at} PYROSCOPE_APPLICATION_NAME=my.app \\\n  LD_PRELOAD=build/release/lib/libflamekit_preload.so ./my-program`),
        step("Send stacks you already have", "One line a stack: functions from the root, then a count.",
          `printf 'main;work;hot 70\\nmain;work;cold 30\\n' | curl --data-binary @- \\\n  '${at}/ingest?name=my.app.cpu&format=folded'`))];
  }

  #unknown({ data, query, type }) {
    const names = [...data.catalog.keys()];
    return ["unknown-service", h("h2", {}, `The server knows no service “${serviceOf(query)}”`),
      h("p", {}, names.length ? "It has profiles of these:" : "It has no profiles at all in the last 7 days."),
      h("div", { class: "actions" }, names.slice(0, 12).map((name) => {
        const types = offeredTypes(data.catalog.get(name));
        const id = types.find((t) => t.id === type.id)?.id ?? types[0]?.id ?? type.id;
        return h("button", { type: "button", on: { click: () => this.emit("fk-set", {
          query: formatQuery({ type: id, matchers: withService(name, []) }), sel: "", zoom: "" }) } }, name);
      }))];
  }

  #nothing(props) {
    const { data, diagnosis, query, type } = props;
    if (!diagnosis) return ["waiting", h("p", { class: "waiting" }, "Nothing here. Looking where the data is…")];
    if (diagnosis.culprit) return this.#filtered(diagnosis.culprit, query);
    const types = data.catalog.get(serviceOf(query));
    if (!types.includes(query.type)) return this.#noSuchType(types, query, type);
    const [newest] = diagnosis.known.slice(-1);
    const range = data.shownRange ?? data.range;
    const long = span(range.until - range.from);
    return ["none-in-range", h("h2", {}, `No ${type.label} profile in this range`),
      h("p", {}, newest ? `${serviceOf(query)} last sent data at ${clock(newest.t, { day: true })}, ${span(Math.max(0, data.loadedAt - newest.t))} ago; this range is ${long} long.`
        : `${serviceOf(query)} is known, but sent no ${type.label} samples in the last 7 days.`),
      this.#sums(data, type),
      h("div", { class: "actions" },
        newest ? h("button", { type: "button", class: "primary", on: { click: () => this.#goTo(newest.t) } }, "Go to the newest data") : null,
        this.#wallButton(types, query, type)),
      newest ? this.#strip(diagnosis.known) : null];
  }

  /** The arithmetic of an empty picture: a sampled profile needs work to sample. */
  #sums(data, type) {
    const range = data.shownRange ?? data.range;
    const here = data.phases.filter((p) => p.from < range.until && (p.until ?? Infinity) > range.from);
    const sent = here.reduce((sum, p) => sum + Number(p.data.ok ?? p.data.sent ?? 0), 0);
    if (type.unit !== "nanoseconds" || type.instant) return null;
    const words = sent > 0
      ? `${plural(sent, "request")} came in. At 100 samples per CPU second one sample stands for 10 ms of CPU: if each request costs 0.1 ms, that is ${span(Math.max(1, sent * 0.1))} of CPU and about ${(sent * 0.01).toFixed(1)} samples. Run longer or harder.`
      : "At 100 samples per CPU second one sample stands for 10 ms of CPU: a service that computes nothing leaves nothing to see. Send it traffic (make load) and wait one upload, about 15 s.";
    return h("p", { class: "sums" }, words);
  }

  #wallButton(types, query, type) {
    const wall = offeredTypes(types).find((t) => t.label === "Wall" && t.id !== type.id);
    return wall && type.label === "CPU" ? h("button", { type: "button", on: { click: () =>
      this.emit("fk-set", { query: formatQuery({ ...query, type: wall.id }) }) } }, "Threads may be waiting: look at Wall") : null;
  }

  #goTo(t) {
    this.emit("fk-set", { from: String(t - 300e3), until: String(t + 15e3), sel: "", live: 0 });
  }

  /** Where data lies. */
  #strip(points) {
    const from = points[0].t;
    const until = points.at(-1).t;
    const wide = Math.max(1, until - from);
    return h("div", { class: "strip" }, s("svg", { viewBox: "0 0 400 16", preserveAspectRatio: "none" },
      ...points.map((p) => s("rect", { x: ((p.t - from) / wide) * 396, y: 0, width: 4, height: 16 }))),
    h("small", {}, `data between ${clock(from, { day: true })} and ${clock(until, { day: true })}`));
  }

  #filtered({ matcher, name, rest, values }, query) {
    const without = () => this.emit("fk-set", { query: formatQuery({ ...query, matchers: withService(serviceOf(query), rest) }) });
    return ["filtered", h("h2", {}, "The filter matches nothing in this range"),
      h("p", {}, h("code", {}, matcher), " is what leaves nothing over."),
      values.length ? h("p", {}, `Values of ${name} here: ${values.join(", ")}.`) : h("p", {}, `No profile here has a label ${name}.`),
      h("div", { class: "actions" },
        h("button", { type: "button", class: "primary", on: { click: without } }, "Remove this filter"),
        filtersOf(query).length > 1 ? h("button", { type: "button", on: { click: () =>
          this.emit("fk-set", { query: formatQuery({ ...query, matchers: withService(serviceOf(query), []) }) }) } }, "Remove all filters") : null)];
  }

  #noSuchType(types, query, type) {
    return ["no-such-type", h("h2", {}, `${serviceOf(query)} sends no ${type.label} profiles`), h("p", {}, "It sends these:"),
      h("div", { class: "actions" }, offeredTypes(types).map((t) => h("button", { type: "button",
        on: { click: () => this.emit("fk-set", { query: formatQuery({ ...query, type: typeInfo(t.id).id }) }) } }, t.label)))];
  }
}

customElements.define("fk-empty", Empty);
