/**
 * <fk-picker>: which service, which profile type, which labels, when. The
 * line under the header.
 */
import { give, h, icon, Part } from "./dom.js";
import { filtersOf, formatQuery, serviceOf, withService } from "./query.js";
import { offeredTypes } from "./strings.js";
import { rangeWords } from "./time.js";
import { howMeasured } from "./why.js";
import "./filter.js";

/** More types than this go into a list. */
const BUTTONS = 4;

class Picker extends Part {
  build() {
    this.service = h("button", { class: "service", type: "button", "aria-haspopup": "dialog", title: "Choose a service",
      on: { click: () => this.emit("fk-services", { button: this.service, choose: (name) => this.#chooseService(name) }) } });
    this.how = h("p", { class: "how" });
    this.types = h("div", { class: "segments", role: "group", "aria-label": "Profile type" });
    this.more = h("select", { class: "more-types", "aria-label": "More profile types",
      on: { change: () => this.#chooseType(this.more.value) } });
    this.filter = h("fk-filter");
    this.when = h("button", { class: "when", type: "button", "aria-haspopup": "dialog", title: "Time range (t)",
      on: { click: async () => (await import("./when.js")).openWhen(this.when, this.props, (patch) => this.emit("fk-set", patch)) } });
    this.append(this.service, this.types, this.more, this.filter, this.when, this.how);
  }

  update({ state, data, query, type }) {
    const services = data.catalog ? [...data.catalog.keys()] : [];
    const service = serviceOf(query);
    this.service.replaceChildren(service || "no service yet", icon("down"));
    this.service.disabled = services.length === 0;
    this.how.textContent = type.id ? `${type.label}: ${howMeasured(type.id)}` : "";
    this.#fillTypes(offeredTypes(data.catalog?.get(service) ?? (query.type ? [query.type] : [])), type);
    give(this.filter, { query, data, enabled: service !== "" });
    const range = data.range ?? { from: Date.now() - 300e3, until: Date.now() };
    this.when.replaceChildren(icon("clock"),
      h("span", {}, rangeWords(state.from, state.until, range, state.tz === "utc")), icon("down"));
  }

  #fillTypes(types, chosen) {
    const key = `${types.map((t) => t.id).join()} ${chosen.id}`;
    if (key === this.typeKey) return;
    this.typeKey = key;
    this.types.hidden = types.length === 0;
    this.types.replaceChildren(...types.slice(0, BUTTONS).map((t) => h("button", {
      type: "button", title: howMeasured(t.id), "data-type": t.id, "aria-pressed": String(t.id === chosen.id),
      on: { click: () => this.#chooseType(t.id) } }, t.label)));
    const others = types.slice(BUTTONS);
    this.more.hidden = others.length === 0;
    this.more.replaceChildren(h("option", { value: "" }, `${others.length} more…`),
      ...others.map((t) => h("option", { value: t.id }, t.label)));
    this.more.value = others.some((t) => t.id === chosen.id) ? chosen.id : "";
  }

  #chooseService(service) {
    const { query, data, type } = this.props;
    const types = offeredTypes(data.catalog?.get(service) ?? []);
    const kept = types.find((t) => t.id === type.id) ?? types[0];
    if (!kept) return;
    const matchers = withService(service, filtersOf(query));
    this.emit("fk-set", { query: formatQuery({ type: kept.id, matchers }), zoom: "", fn: "" });
  }

  #chooseType(id) {
    const { query } = this.props;
    if (id) this.emit("fk-set", { query: formatQuery({ ...query, type: id }) });
  }
}

customElements.define("fk-picker", Picker);
