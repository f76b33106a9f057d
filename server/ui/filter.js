/**
 * <fk-filter>: label filters as chips, with completion from the labels the
 * server has, and as text. Both are views of the same query.
 */
import { h, icon, Part } from "./dom.js";
import { filtersOf, formatMatcher, formatQuery, formatSelector, parseQuery, serviceOf, typing, withService } from "./query.js";

const SUGGESTIONS = 12;

class Filter extends Part {
  #options = [];
  #at = -1;
  #turn = 0;

  build() {
    this.chips = h("span", { class: "chips" });
    this.input = h("input", {
      class: "add-filter", placeholder: "+ filter by label", "aria-label": "Add a label filter",
      role: "combobox", "aria-expanded": "false", "aria-controls": "filter-options", "aria-autocomplete": "list",
      autocomplete: "off", spellcheck: "false",
      on: { input: () => this.#suggest(), focus: () => this.#suggest(), keydown: (e) => this.#key(e),
        blur: () => this.#close() },
    });
    this.list = h("ul", { class: "options", id: "filter-options", role: "listbox", hidden: true });
    this.textButton = h("button", { type: "button", class: "quiet", title: "Edit the query as text",
      "aria-label": "Edit the query as text", on: { click: () => this.#editText() } }, "{ }");
    this.text = h("form", { class: "query-text", hidden: true, on: { submit: (e) => this.#submitText(e) } },
      h("input", { "aria-label": "Query", spellcheck: "false", on: { keydown: (e) => e.key === "Escape" && this.#closeText() } }),
      h("span", { class: "wrong", role: "alert" }));
    this.append(this.chips, h("span", { class: "field" }, this.input, this.list), this.textButton, this.text);
  }

  update({ query, enabled }) {
    this.input.disabled = !enabled;
    this.textButton.hidden = !enabled;
    const filters = filtersOf(query);
    this.chips.replaceChildren(...filters.map((m, i) => h("span", { class: "chip" },
      h("button", { type: "button", class: "chip-text", title: "Change this filter", on: { click: () => this.#edit(i) } },
        `${m.name}${m.op}${m.value || '""'}`),
      h("button", { type: "button", class: "chip-close", "aria-label": `Remove ${formatMatcher(m)}`,
        on: { click: () => this.#set(filters.filter((_, k) => k !== i)) } }, icon("close")))));
  }

  #set(filters) {
    const { query } = this.props;
    this.emit("fk-set", { query: formatQuery({ type: query.type, matchers: withService(serviceOf(query), filters) }) });
  }

  #edit(i) {
    const filters = filtersOf(this.props.query);
    const m = filters[i];
    this.#set(filters.filter((_, k) => k !== i));
    this.input.value = `${m.name}${m.op}${m.value}`;
    this.input.focus();
    this.#suggest();
  }

  // ---- completion --------------------------------------------------------

  /** Asks the page for names or values; it answers with a promise. */
  #ask(what) {
    const detail = { ...what, answer: Promise.resolve([]) };
    this.emit("fk-complete", detail);
    return detail.answer;
  }

  async #suggest() {
    const turn = ++this.#turn;
    const typed = typing(this.input.value);
    const all = await this.#ask(typed.stage === "name" ? {} : { name: typed.name });
    if (turn !== this.#turn || document.activeElement !== this.input) return;
    const wanted = typed.prefix.toLowerCase();
    const fits = all.filter((v) => v.toLowerCase().includes(wanted)).slice(0, SUGGESTIONS);
    this.#options = fits.map((v) => (typed.stage === "name" ? { text: `${v}=`, more: true, shown: v }
      : { text: `${typed.name}${typed.op}${v}`, shown: v || '"" (without this label)' }));
    this.#at = -1;
    this.#showOptions(typed.stage === "name" ? "No label to filter by in this range" : "No value of this label in this range");
  }

  #showOptions(none) {
    this.list.replaceChildren(...(this.#options.length ? this.#options.map((o, i) => h("li", {
      role: "option", id: `filter-option-${i}`, "aria-selected": String(i === this.#at),
      on: { pointerdown: (e) => {
        e.preventDefault();
        this.#take(o);
      } } }, o.shown)) : [h("li", { class: "none" }, none)]));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    if (this.#at >= 0) this.input.setAttribute("aria-activedescendant", `filter-option-${this.#at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.#turn++;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }

  #take(option) {
    if (option.more) {
      this.input.value = option.text;
      this.#suggest();
      return;
    }
    this.#add(option.text);
  }

  #add(text) {
    const typed = typing(text);
    if (typed.stage === "name") return;
    this.input.value = "";
    this.#close();
    const filters = filtersOf(this.props.query)
      .filter((m) => !(m.name === typed.name && m.op === typed.op));
    this.#set([...filters, { name: typed.name, op: typed.op, value: typed.prefix }]);
  }

  #key(e) {
    const n = this.#options.length;
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (n) this.#at = (this.#at + (e.key === "ArrowDown" ? 1 : n - 1) + (this.#at < 0 && e.key === "ArrowUp" ? 1 : 0)) % n;
      this.#showOptions("");
    } else if (e.key === "Enter" || (e.key === "Tab" && this.#at >= 0)) {
      e.preventDefault();
      const option = this.#options[this.#at];
      if (option) this.#take(option);
      else if (typing(this.input.value).stage === "value") this.#add(this.input.value);
      else if (n) this.#take(this.#options[0]);
    } else if (e.key === "Escape") {
      e.preventDefault();
      this.input.value = "";
      this.input.blur();
    } else if (e.key === "Backspace" && !this.input.value) {
      const filters = filtersOf(this.props.query);
      if (filters.length) this.#edit(filters.length - 1);
      e.preventDefault();
    }
  }

  // ---- as text -----------------------------------------------------------

  #editText() {
    if (!this.text.hidden) return this.#closeText();
    const [input] = this.text.children;
    input.value = formatSelector(this.props.query.matchers);
    this.text.hidden = false;
    input.focus();
    return undefined;
  }

  #closeText() {
    this.text.hidden = true;
    this.text.lastChild.textContent = "";
    this.textButton.focus();
  }

  #submitText(e) {
    e.preventDefault();
    const [input, wrong] = this.text.children;
    const typed = parseQuery(input.value);
    if (typed.error) {
      wrong.textContent = `At character ${typed.error.at + 1}: ${typed.error.message}.`;
      input.setSelectionRange(typed.error.at, input.value.length);
      return;
    }
    this.#closeText();
    this.emit("fk-set", { query: formatQuery({ type: typed.type || this.props.query.type, matchers: typed.matchers }) });
  }
}

customElements.define("fk-filter", Filter);
