/**
 * <fk-tip>: what lies under the pointer or the keyboard's frame, with every
 * share named after what it is a share of.
 */
import { h, Part } from "./dom.js";
import { count, plural, share, shown, value } from "./format.js";
import { nameOf, parentOf } from "./layout.js";
import { kindOf, moduleOf } from "./kinds.js";
import { pointsOff } from "./stats.js";

const KIND_WORDS = { app: "", lib: "library", kernel: "kernel", wait: "waiting", unknown: "no symbol found for this address" };
const AWAY = 14;

class Tip extends Part {
  build() {
    this.hidden = true;
    this.setAttribute("role", "tooltip");
  }

  get urgent() {
    return true;
  }

  update(props) {
    const { hover } = props;
    const profile = hover?.profile ?? props.profile;
    const level = hover && profile?.levels[hover.node.level];
    this.hidden = !level || hover.x === undefined || hover.node.index >= level.total.length;
    if (this.hidden) return;
    const lines = hover.crowd > 1 ? crowdLines : props.lines ?? frameLines;
    this.replaceChildren(...lines({ ...props, profile, zoom: hover.zoom ?? props.zoom }));
    this.#place(hover);
  }

  /** Never under the pointer, never outside the window. */
  #place({ x, y }) {
    const { offsetWidth: w, offsetHeight: tall } = this;
    const left = x + AWAY + w > innerWidth ? x - AWAY - w : x + AWAY;
    const top = y + AWAY + tall > innerHeight ? y - AWAY - tall : y + AWAY;
    this.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  }
}

function crowdLines({ hover, profile }) {
  const level = profile.levels[hover.node.level];
  return [
    h("strong", {}, `${count(hover.crowd)} frames here, together ${share(hover.sum / profile.total)}`),
    h("span", { class: "about" }, "largest: ", h("bdi", {}, shown(nameOf(profile, hover.node), 160)), ` ${share(level.total[hover.node.index] / profile.total)}`),
    h("span", { class: "about" }, "click to zoom in"),
  ];
}

function frameLines({ hover, profile, type, zoom, samples, inverted }) {
  const { node } = hover;
  const level = profile.levels[node.level];
  const name = nameOf(profile, node);
  const [total, self] = [level.total[node.index], level.self[node.index]];
  const parent = parentOf(profile, node);
  const inZoom = profile.levels[zoom.level].total[zoom.index];
  const about = [moduleOf(name), KIND_WORDS[kindOf(name)]].filter(Boolean).join(" · ");
  const row = (title, v) => [h("b", {}, title), h("span", { class: "big" }, value(v, type.unit)), h("span", {}, `${share(v / profile.total)} of ${hover.profile ? "this function" : "all"}`)];
  const inside = (v) => [
    zoom.level > 0 && node.level >= zoom.level ? `${share(v / inZoom)} of zoom` : null,
    parent ? `${share(v / profile.levels[parent.level].total[parent.index])} of ${inverted ? "what it calls" : "caller"}` : null,
  ].filter(Boolean).join(" · ");
  return [
    h("strong", {}, h("bdi", {}, shown(name, 220))),
    about ? h("span", { class: "about" }, about) : null,
    h("div", { class: "numbers" }, row("total", total), inverted ? null : row("self", self)),
    h("span", { class: "about" }, inside(total)),
    samples > 0 && !hover.profile ? h("span", { class: "about" }, `about ${plural(Math.round((total / profile.total) * samples), "sample")}, ${pointsOff(total / profile.total, samples)} points`) : null,
    h("span", { class: "advice" }, "click: zoom · shift-click or space: details"),
  ].filter(Boolean);
}

customElements.define("fk-tip", Tip);
