/**
 * <fk-facts>: how large the profile is and how far it can be trusted, in one
 * line. Every number has its unit and a sentence behind it.
 */
import { h, Part } from "./dom.js";
import { count, plural, share, significant, span, value } from "./format.js";
import { kindOf } from "./kinds.js";
import { openWhy } from "./mark.js";
import { FEW_SAMPLES, ENOUGH_SAMPLES, pointsOff, secondsUntil } from "./stats.js";
import { blocks } from "./series.js";
import { clock } from "./time.js";
import { howMeasured, WHY } from "./why.js";

const MORE_NODES = [65536, 262144];
/** A clock further off than this is worth a word. */
const SKEW_MS = 2000;

/** Where a fact is called otherwise than its word in the glossary. */
const WORDS = { seconds: "range", skew: "clock", few: "error" };

/** A number, and the question mark that says what it means. */
const fact = (name, text, why, extra = "") =>
  h("span", { class: `fact ${extra}`, "data-fact": name, title: why }, text,
    h("button", { type: "button", class: "why", "data-key": name, "aria-label": `What is “${text}”?`, on: { click: (e) => openWhy(e.currentTarget, "What this number is", why, WORDS[name] ?? name) } }));

/**
 * The time the numbers stand for. A window that begins before the first data
 * would water the cores down, so it counts from there.
 */
function measured(data, type) {
  if (!data.shownRange) return { seconds: 0, began: 0 };
  const { from, until } = data.shownRange;
  const first = data.sel?.from === from ? null : blocks(data.points, data.step * 1000, type.instant).find((b) => b.until > from);
  const late = first && first.from > from + 2000 * data.step && first.from < until;
  return { seconds: (until - (late ? first.from : from)) / 1000, began: late ? first.from : 0 };
}

class Facts extends Part {
  update({ data, profile, rows, type, state, samples }) {
    const { seconds, began } = measured(data, type);
    this.replaceChildren(...[
      h("span", { class: "sum" }, this.#size(samples, profile.total, { seconds, began, utc: state.tz === "utc" }, type)),
      samples > 0 ? fact("error", `${pointsOff(0.5, samples)} points at 50 %`, WHY.error) : null,
      ...this.#doubts(data, profile, rows, state),
      this.#few(samples, seconds, profile.total, type)].filter(Boolean));
  }

  #size(samples, total, { seconds, began, utc }, type) {
    const long = span(seconds * 1000) + (began ? ` since ${clock(began, { utc })}` : "");
    const why = began ? "From the first data of the range to its end; before that nothing was sent."
      : "The length of the range that is shown.";
    const cores = type.unit === "nanoseconds" && !type.instant
      ? fact("cores", `${significant(total / 1e9 / seconds)} ${type.axis}`, WHY.cores) : null;
    const counted = samples !== null && type.of !== "samples";
    return [
      counted ? fact("samples", plural(samples, "sample"), WHY.samples) : null,
      counted ? " = " : null,
      fact("total", `${value(total, type.unit)} ${type.of}`, howMeasured(type.id), "main"),
      ...(seconds ? [" in ", fact("seconds", long, why), cores && " · ", cores] : []),
    ];
  }

  #doubts(data, profile, rows, state) {
    const out = [];
    const unresolved = rows.reduce((sum, r) => sum + (kindOf(profile.names[r.name]) === "unknown" ? r.self : 0), 0);
    const other = rows.find((r) => profile.names[r.name] === "other");
    if (data.lost !== null) out.push(fact("lost", `${count(data.lost)} lost`, WHY.lost, data.lost ? "doubt" : ""));
    out.push(fact("unresolved", `${share(unresolved / profile.total)} unresolved`, WHY.unresolved,
      unresolved / profile.total > 0.02 ? "doubt" : ""));
    if (other) {
      const more = MORE_NODES.find((n) => n > state.maxNodes);
      out.push(fact("other", `${share(other.total / profile.total)} merged into “other”`, WHY.other, "doubt"));
      if (more) {
        out.push(h("button", { type: "button", class: "link", on: { click: () => this.emit("fk-set", { maxNodes: more }) } },
          `show up to ${count(more)} frames`));
      }
    }
    const { skew = 0 } = data;
    if (Math.abs(skew) > SKEW_MS) {
      out.push(fact("skew", `server clock ${span(Math.abs(skew))} ${skew > 0 ? "ahead" : "behind"}`,
        "This computer and the server disagree about the time; the page uses the server's.", "doubt"));
    }
    return out;
  }

  /** What it would take to know more. */
  #few(samples, seconds, total, type) {
    if (!seconds || samples === null || samples >= ENOUGH_SAMPLES || samples === 0) return null;
    const each = total / samples;
    const more = secondsUntil(samples, seconds, ENOUGH_SAMPLES);
    const sums = `One sample stands for ${value(each, type.unit)}; at this pace ${ENOUGH_SAMPLES} samples need ${span(more * 1000)} more.`;
    return samples < FEW_SAMPLES
      ? fact("few", `Too few samples to trust. ${sums}`, WHY.error, "doubt wide")
      : fact("few", `Still coarse. ${sums}`, WHY.error, "wide");
  }
}

customElements.define("fk-facts", Facts);
