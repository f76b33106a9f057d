/**
 * The Workshop page: the exercises, how far one is, and the way into each.
 */
import { h } from "./dom.js";
import { plural } from "./format.js";

const SIGNS = { fresh: ["○", "not begun"], started: ["◔", "begun"], passed: ["●", "solved"] };
const ACTS = { fresh: "Begin", started: "Go on", passed: "Again" };

export class Page {
  /** @param {HTMLElement} root @param {object} app */
  constructor(root, app) {
    this.app = app;
    this.list = h("ol", { class: "exercises" });
    this.words = h("p", { class: "note", role: "status" }, "Asking the kit…");
    root.replaceChildren(h("div", { class: "status workshop" },
      h("section", { class: "card pad" }, h("h2", {}, "Workshop"),
        h("p", {}, "Each exercise is a question about a running service. Its task opens beside the profile; predict, play the load, look, answer. The verdict follows what you do."),
        this.words, this.list)));
    this.#load();
  }

  /** Nothing of the address concerns this page but the drawer's exercise. */
  changed(state, before) {
    if (before && state.ex !== before.ex) this.#load();
  }

  async #load() {
    try {
      const { exercises } = await this.app.api.json("exercises", "/api/kit/exercises");
      const solved = exercises.filter((e) => e.state === "passed").length;
      this.words.textContent = `${solved} of ${plural(exercises.length, "exercise")} solved.`;
      const next = exercises.find((e) => e.state !== "passed" && !e.optional);
      this.list.replaceChildren(...exercises.map((e) => this.#row(e, e === next)));
    } catch (e) {
      if (e.name === "AbortError") return;
      if (e.status === 429) setTimeout(() => this.#load(), 500);
      else this.words.textContent = e.message;
    }
  }

  #row({ id, title, minutes, state, optional }, isNext) {
    const [sign, words] = SIGNS[state] ?? SIGNS.fresh;
    return h("li", { data: { state } },
      h("span", { class: "sign", role: "img", "aria-label": words }, sign),
      h("span", { class: "exercise-title" }, h("b", {}, id), ` ${title}`, h("small", {}, ` ${minutes[0]} to ${minutes[1]} minutes${optional ? ", further" : ""}`)),
      h("button", { type: "button", class: isNext ? "primary" : "", "aria-label": `${ACTS[state] ?? "Begin"}: ${id} ${title}`,
        on: { click: () => this.app.go("explore", { ex: id }) } }, ACTS[state] ?? "Begin"));
  }
}
