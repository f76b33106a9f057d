/**
 * The Diff page: what changed from A to B, as a sentence, a picture and a
 * table, with what chance may have done left grey.
 */
import { Compare, diffUrl, ticksOf } from "./compare.js";
import { readDouble, requestsIn } from "./diff.js";
import { DiffView } from "./diff_view.js";
import { formatQuery } from "./query.js";

/** @typedef {import("./url.js").State} State */

export class Page extends Compare {
  constructor(root, app) {
    super(root, app);
    this.view = new DiffView(this.body, this.tip, (patch) => app.store.push(patch));
  }

  /** @param {import("./sides.js").Side[]} sides @param {State} state */
  async fetch(sides, state) {
    const [a, b] = sides;
    if (a.query.type !== b.query.type) throw new Error("The two sides are of different profile types, which have nothing to compare.");
    const doc = await this.app.api.json("graph", diffUrl(sides, state.maxNodes));
    const { phases } = this.app.data.now;
    return { doc, tree: readDouble(doc.flamebearer), sides: { ticks: ticksOf(doc),
      samples: await this.samples(sides), requests: sides.map((s) => requestsIn(s.range, phases)) } };
  }

  /** @param {State} state */
  show(state, type, loaded, error) {
    this.view.show({ state, type, loaded, error, app: this.app, equallyLong: this.now.sides.equallyLong, sides: this.sides, url: diffUrl(this.sides, state.maxNodes) });
    if (loaded && !error) this.#tell();
  }

  /** The server is told once of each pair that is on the screen. */
  #tell() {
    const [a, b] = this.sides;
    const round = ({ query, range }) => ({ query: formatQuery(query), from: Math.round(range.from), until: Math.round(range.until) });
    const [left, right] = [round(a), round(b)];
    const key = JSON.stringify([left, right]);
    if (this.told === key) return;
    this.told = key;
    this.app.api.activity({ view: "diff", ...left, focus: "", detail: { right,
      leftFrom: left.from, leftUntil: left.until, rightFrom: right.from, rightUntil: right.until, rightQuery: right.query } });
  }
}
