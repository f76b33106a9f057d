/**
 * The curve of one function over the range that is shown, in the details
 * panel: its share of everything, in pieces of the range, so that it does not
 * matter when the senders upload.
 */
import { h, s } from "./dom.js";
import { decode } from "./flamebearer.js";
import { share } from "./format.js";
import { totalOutermost } from "./layout.js";
import { piecesOf } from "./series.js";
import { clock } from "./time.js";

const NODES = 4096;
const [WIDTH, HEIGHT] = [240, 44];

/**
 * Asks piece by piece, so that nobody else waits; null when something newer
 * was asked for meanwhile.
 * @param {import("./api.js").Api} api @param {object} query @param {object} range @param {string} name @param {() => boolean} stale
 * @returns {Promise<{range: object, part: number|null}[]|null>} part null: no data
 */
async function trendOf(api, query, range, name, stale) {
  const out = [];
  for (const piece of piecesOf(range)) {
    const profile = decode((await api.render(query, piece, NODES, "trend")).flamebearer);
    if (stale()) return null;
    out.push({ range: piece, part: profile.total ? totalOutermost(profile, name) / profile.total : null });
  }
  return out;
}

/** In one sentence. */
function words(known) {
  if (!known.length) return "no data in this range";
  const parts = known.map((p) => p.part);
  const [first, last, least, most] = [parts[0], parts.at(-1), Math.min(...parts), Math.max(...parts)].map(share);
  return least === most ? `always ${least}` : `from ${first} to ${last}, between ${least} and ${most}`;
}

/** As a picture and as words. @param {{range: object, part: number|null}[]} pieces @param {boolean} utc @returns {{picture: SVGElement, text: string}} */
function drawTrend(pieces, utc) {
  const known = pieces.filter((p) => p.part !== null);
  const top = Math.max(0.001, ...known.map((p) => p.part));
  const step = WIDTH / pieces.length;
  const bars = pieces.map(({ range, part }, i) => {
    const tall = part === null ? 0 : Math.max(1, (part / top) * (HEIGHT - 2));
    const title = `${clock(range.from, { utc })} – ${clock(range.until, { utc })}: ${part === null ? "no data" : share(part)}`;
    return s("g", {}, s("title", {}, title), s("rect", { class: "hit", x: i * step, y: 0, width: step, height: HEIGHT }),
      s("rect", { x: i * step, y: HEIGHT - tall, width: Math.max(1, step - 2), height: tall, rx: 1 }));
  });
  return { picture: s("svg", { class: "trend", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Share over time: ${words(known)}` }, ...bars),
    text: words(known) };
}

/** The column of the panel. @param {import("./api.js").Api} api @param {object} view what Explore shows @param {() => boolean} stale */
export async function trendColumn(api, { data, state }, stale) {
  const pieces = await trendOf(api, data.shownQuery, data.shownRange, state.fn, stale);
  if (!pieces) return null;
  const { picture, text } = drawTrend(pieces, state.tz === "utc");
  return [h("h3", {}, "Share over time"), picture, h("small", {}, text)];
}
