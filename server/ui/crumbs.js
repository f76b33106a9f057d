/**
 * <fk-crumbs>: the path to what is zoomed, each step a way back; and
 * <fk-legend>: what the colours mean.
 */
import { h, icon, Part } from "./dom.js";
import { share, shown } from "./format.js";
import { nameOf, pathOf } from "./layout.js";
import { kindOf } from "./kinds.js";
import { mark } from "./mark.js";

/** Long paths keep their ends. */
const HEAD = 2;
const TAIL = 4;

class Crumbs extends Part {
  update({ profile, zoom }) {
    const path = pathOf(profile, zoom);
    const total = (n) => share(profile.levels[n.level].total[n.index] / profile.total);
    const crumb = (n) => {
      const last = n.level === zoom.level;
      return h("button", { type: "button", class: "crumb", "aria-current": last ? "true" : null,
        title: `${shown(nameOf(profile, n), 300)} · ${total(n)} of all`,
        on: { click: () => this.emit("fk-zoom", { node: n }) } }, h("bdi", {}, shown(nameOf(profile, n), 40)));
    };
    const hidden = path.length - HEAD - TAIL;
    const steps = hidden > 1
      ? [...path.slice(0, HEAD).map(crumb), h("span", { class: "skipped" }, `… ${hidden} …`), ...path.slice(-TAIL).map(crumb)]
      : path.map(crumb);
    this.replaceChildren(h("nav", { "aria-label": "Path of the zoomed frame" },
      steps.flatMap((step, i) => (i ? [h("span", { class: "sep", "aria-hidden": "true" }, "▸"), step] : [step]))),
    zoom.level ? h("button", { type: "button", class: "quiet out", title: "Whole graph (0)",
      on: { click: () => this.emit("fk-zoom", { node: { level: 0, index: 0 } }) } }, `${total(zoom)} of all`, icon("close")) : "");
  }
}

const KINDS = [["app", "your code"], ["lib", "libraries"], ["kernel", "kernel"], ["wait", "waiting"], ["unknown", "no symbol"]];

class Legend extends Part {
  update({ profile, rows, state, dark }) {
    const sums = new Map();
    for (const r of rows) {
      const kind = kindOf(profile.names[r.name]);
      sums.set(kind, (sums.get(kind) ?? 0) + r.self);
    }
    const entries = state.color === "self"
      ? [h("span", { class: "scale" }, "little self time", h("i", { class: dark ? "heat dark" : "heat" }), "much")]
      : KINDS.filter(([kind]) => sums.get(kind) > 0).map(([kind, words]) =>
        h("button", { type: "button", class: "quiet entry", title: `Mark ${words}`, "aria-pressed": String(state.q === `kind:${kind}`),
          on: { click: () => this.emit("fk-set", { q: state.q === `kind:${kind}` ? "" : `kind:${kind}` }) } },
        h("i", { class: `swatch ${kind}` }), `${words} ${share(sums.get(kind) / profile.total)}`));
    const key = `${entries.map((e) => e.textContent)} ${state.q} ${state.color} ${dark}`;
    if (this.key === key) return;
    this.key = key;
    this.replaceChildren(...entries, mark("colour", "the colour"), h("span", { class: "note" }, "width = share of samples, not order in time"));
  }
}

customElements.define("fk-crumbs", Crumbs);
customElements.define("fk-legend", Legend);
