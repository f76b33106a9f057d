/**
 * The exercise drawer: task, prediction, verdict, questions and hints at the
 * side of every page, so that nobody leaves the profile to read the task. The
 * kit judges; this shows what it says.
 */
import { addStyles, h } from "./dom.js";
import { shown } from "./format.js";
import { blocks, inline, sections } from "./prose.js";

const EVERY_MS = 5000;
const AGAIN_MS = 400;
const PATIENCE_MS = 6e4;
const urlOf = (id) => `/api/kit/exercises/${encodeURIComponent(id)}`;

/** What a verdict is called in the style sheet, and its sign. */
const VERDICTS = { PASS: ["pass", "✓"], "NOT YET": ["not-yet", "·"], "MORE DATA": ["more-data", "…"], BROKEN: ["broken", "✗"] };
/** Commands that a button of the drawer stands for. */
const BUTTONED = /^(?:make up|flamekit (?:run|predict|check|answer) [\w. &]+)$/;

const words = (text) => inline(text).map(({ kind, text: part }) => (kind === "text" ? part : h(kind, {}, part)));

function block(b) {
  if (b.kind === "code") return h("pre", {}, b.text);
  if (b.kind === "p") return h("p", {}, words(b.text));
  return h(b.kind, {}, b.items.map((item) => h("li", {}, words(item))));
}

const isButton = (b) => b.kind === "code" && b.text.split("\n").every((line) => BUTTONED.test(line.trim()));

/** 40 and 71.2 % as parts of one, when both are shares. */
function shares(guess, measured) {
  const [a, b] = [guess, measured].map((t) => /^(\d+(?:\.\d+)?)\s*%?/.exec(t));
  return a && b && measured.includes("%") ? [Number(a[1]) / 100, Number(b[1]) / 100] : null;
}

const bar = (kind, part) => h("i", { class: kind, style: { width: `${Math.min(100, part * 100)}%` } });

export class Drawer {
  #id = "";
  #timer = 0;
  #works = Promise.resolve();
  #waiting = 0;
  #told = "";
  #skipped = new Set();

  /** @param {object} app */
  constructor(app) {
    this.app = app;
    this.styled = addStyles("./pages.css");
    this.root = h("aside", { class: "drawer", "aria-label": "Exercise", hidden: true });
    this.cover = h("section", { class: "card pad cover", "aria-label": "Predict first" },
      h("h2", {}, "The picture waits for your prediction"),
      h("p", {}, "A guess that was written down makes you see more. Answer step 2 of the exercise; the picture follows."),
      h("button", { type: "button", class: "quiet", on: { click: () => {
        this.#skipped.add(this.#id);
        this.#hidePicture();
      } } }, "Show it anyway"));
    document.querySelector("main").after(this.root);
  }

  /** The page drew itself. @param {import("./url.js").State} state */
  drawn(state) {
    if (state.ex !== this.#id) this.#turn(state.ex);
    this.#hidePicture();
    for (const q of this.questions?.values() ?? []) q.offer(state.fn);
  }

  #turn(id) {
    this.#id = id;
    this.data = null;
    this.#told = "";
    this.pending = Boolean(id);
    this.questions = null;
    clearTimeout(this.#timer);
    this.root.hidden = !id;
    document.body.classList.toggle("with-drawer", Boolean(id));
    if (!id) return;
    this.#frame();
    this.#load();
  }

  // ---- asking ------------------------------------------------------------

  async #load() {
    const id = this.#id;
    clearTimeout(this.#timer);
    try {
      if (!this.#waiting && (!document.hidden || !this.data)) this.#show(id, await this.app.api.json("drawer", urlOf(id)));
    } catch (e) {
      this.#failed(id, e);
    }
    if (id === this.#id) this.#timer = setTimeout(() => this.#load(), EVERY_MS);
  }

  #failed(id, e) {
    if (e.name === "AbortError" || e.status === 429 || id !== this.#id) return;
    this.pending = false;
    this.note.textContent = e.message;
    this.#hidePicture();
  }

  /** Asks for one thing after the other, for the kit does one at a time. */
  #act(message) {
    const id = this.#id;
    const told = setTimeout(() => this.#tell(id, "The kit is at work; this comes next."), AGAIN_MS);
    this.#waiting++;
    this.#works = this.#works.then(() => this.#send(id, message)).finally(() => {
      clearTimeout(told);
      this.#waiting--;
    });
  }

  /** Somebody else may be asking, too: then it is said again. */
  async #send(id, message) {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        const data = await this.app.api.post("drawer-act", urlOf(id), message);
        this.#tell(id, "");
        return this.#show(id, data);
      } catch (e) {
        if (e.status !== 429) return this.#failed(id, e);
        if (Date.now() > until) return this.#tell(id, "Not done: the kit is at work.");
      }
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  }

  #tell(id, text) {
    if (id !== this.#id) return;
    this.#told = text;
    this.note.textContent = text;
  }

  // ---- showing -----------------------------------------------------------

  #frame() {
    this.heading = h("h2", { tabindex: "-1" }, `Exercise ${shown(this.#id, 20)}`);
    this.note = h("p", { class: "note", role: "status" });
    this.verdict = h("div", { class: "verdict", role: "status" });
    this.guessed = h("div", { class: "guessed" });
    this.steps = h("div", { class: "task" });
    this.findings = h("ul", { class: "findings" });
    this.asked = h("div", { class: "asked" });
    this.hints = h("div", { class: "hints" });
    this.root.replaceChildren(
      h("div", { class: "drawer-head" }, this.heading, h("span", { class: "spring" }),
        h("button", { type: "button", class: "quiet", on: { click: () => this.app.go("workshop") } }, "All"),
        h("button", { type: "button", class: "quiet", on: { click: () => this.app.store.push({ ex: "" }) } }, "Close")),
      this.note, this.verdict, this.guessed, this.steps, this.findings, this.asked, this.hints);
  }

  #show(id, data) {
    if (id !== this.#id) return;
    const first = !this.data;
    const guessedNow = this.data && !this.data.prediction.guess && data.prediction.guess;
    this.data = data;
    this.pending = false;
    this.note.textContent = this.#told;
    if (first) this.#build(data);
    this.#showVerdict(data);
    this.#showPrediction(data.prediction);
    this.#openStep(data);
    this.#showFindings(data);
    this.#showHints(data);
    this.#hidePicture();
    if (guessedNow) this.#outline(guessedNow);
  }

  #build(data) {
    this.heading.textContent = `${data.id} ${data.title}`;
    this.heading.title = `${data.minutes[0]} to ${data.minutes[1]} minutes`;
    this.prediction = h("div", { class: "prediction" });
    this.play = h("button", { type: "button", class: "primary", on: { click: () => this.#act({ act: "run" }) } }, "Play the load");
    this.steps.replaceChildren(...sections(data.text).filter((s) => s.title !== "Check").map((s, i) =>
      h("details", { data: { step: s.title } }, h("summary", {}, `${i + 1} ${s.title}`),
        s.blocks.map((b) => (isButton(b) ? s.title === "Do" && b.text.includes(" run ") && this.play : s.title === "Predict" && b.kind === "code" ? null : block(b))),
        s.title === "Predict" ? this.prediction : null)));
    if (!this.prediction.isConnected) this.steps.prepend(this.prediction);
    if (!this.play.isConnected) (this.steps.querySelector("[data-step=Do]") ?? this.steps).append(this.play);
    this.questions = new Map(data.questions.map((q) => [q.name, this.#question(q)]));
    this.asked.replaceChildren(...[...this.questions.values()].map((q) => q.root));
    this.opened = "";
  }

  #showVerdict({ verdict, reason, advice }) {
    const [kind, sign] = VERDICTS[verdict] ?? ["broken", "?"];
    const text = `${sign} ${verdict}`;
    const left = verdict === "NOT YET" ? this.#left(reason) : advice;
    if (this.verdict.dataset.text === text + left) return;
    this.verdict.dataset.text = text + left;
    this.verdict.className = `verdict ${kind}`;
    this.verdict.replaceChildren(h("strong", {}, text), h("span", {}, left));
  }

  /** What a person does next. */
  #left(reason) {
    if (this.#waits) return "Begin with your prediction: step 2.";
    if (reason) return `${reason}: press “Play the load”.`;
    const { length } = this.data.findings.filter((f) => f.verdict !== "PASS");
    return `${length} left: the lines marked · and the questions without ✓.`;
  }

  /** Nothing is shown before the guess, unless it was waived. */
  get #waits() {
    const { prediction } = this.data ?? {};
    return Boolean(prediction?.question && !prediction.guess && !this.#skipped.has(this.#id));
  }

  #showPrediction({ question, guess, measured }) {
    const key = `${guess}|${measured}`;
    if (this.guessed.dataset.key === key) return;
    this.guessed.dataset.key = key;
    if (!guess) {
      const input = h("input", { "aria-label": "Your prediction", title: question, maxlength: "60", autocomplete: "off", spellcheck: "false" });
      this.prediction.replaceChildren(h("form", { on: { submit: (e) => {
        e.preventDefault();
        if (input.value.trim()) this.#act({ act: "predict", value: input.value.trim() });
      } } }, input, h("button", { type: "submit", class: "primary" }, "Predict")));
      return;
    }
    const both = shares(guess, measured);
    this.prediction.replaceChildren();
    this.guessed.replaceChildren(
      h("p", { class: "guess" }, "You predicted ", h("b", {}, shown(guess, 60)), measured ? "; measured " : ".", measured ? h("b", {}, shown(measured, 60)) : null),
      ...(both ? [h("div", { class: "guess-bar", role: "img", "aria-label": `Measured ${measured}, guess ${guess}` }, bar("truth", both[1]), bar("guess", both[0]))] : []));
  }

  /** What comes next is open; what a person opened or closed stays so until the next step. */
  #openStep({ prediction, findings, verdict }) {
    const step = !prediction.guess && prediction.question ? "Predict" : !findings.length ? "Do" : verdict === "PASS" ? "Explain" : "Do";
    if (step === this.opened) return;
    this.opened = step;
    for (const d of this.steps.children) d.open = d.dataset.step === step || (step === "Predict" && d.dataset.step === "Story");
  }

  /** Before the prediction the numbers would give it away; what is right with the data is said in one line. */
  #showFindings({ findings }) {
    const right = findings.filter((f) => f.about === "data" && f.verdict === "PASS");
    const summary = { about: "data", verdict: "PASS", text: `${right.length} of ${findings.filter((f) => f.about === "data").length} lines as they should be` };
    const given = [...(right.length ? [summary] : []), ...findings.filter((f) => f.about !== "answer" && !right.includes(f))];
    this.findings.hidden = this.#waits || !given.length;
    this.findings.replaceChildren(...given.map((f) => {
      const [kind, sign] = VERDICTS[f.verdict] ?? ["broken", "?"];
      return h("li", { class: kind }, h("span", { class: "sign", role: "img", "aria-label": f.verdict }, sign), h("span", {}, h("small", {}, f.about), " ", f.text.replace(/^(?:done|not yet): /, "")));
    }));
    const judged = findings.filter((f) => f.about === "answer");
    [...this.questions.values()].forEach((q, i) => q.judge(judged[i], this.data.questions[i]?.answer ?? ""));
  }

  #showHints({ hints, hintsAll }) {
    const more = hints.length < hintsAll;
    if (this.hints.childElementCount && this.hints.dataset.count === String(hints.length)) return;
    this.hints.dataset.count = String(hints.length);
    this.hints.replaceChildren(
      ...hints.map((text) => h("div", { class: "hint-text" }, blocks(text).map(block))),
      h("button", { type: "button", disabled: !more, on: { click: () => this.#act({ act: "hint" }) } },
        more ? `Hint ${hints.length + 1} of ${hintsAll}` : "No more hints"));
  }

  // ---- questions ---------------------------------------------------------

  #question(q) {
    const said = h("p", { class: "judged", role: "status" });
    const send = (value) => value.trim() && this.#act({ act: "answer", name: q.name, value: value.trim() });
    const { fields, set, offer } = q.options ? this.#choices(q, send) : this.#entry(q, send);
    const root = h(q.options ? "fieldset" : "div", { class: "question" }, q.options ? h("legend", {}, q.question) : null, fields, said);
    return { root, offer, judge: (finding, answer) => {
      set(answer);
      const [kind, sign] = (answer && finding && VERDICTS[finding.verdict]) || ["", ""];
      const text = sign ? `${sign} ${finding.text}` : "";
      said.className = `judged ${kind}`;
      if (said.textContent !== text) said.textContent = text;
    } };
  }

  #choices(q, send) {
    const boxes = q.options.map((o) => {
      const box = h("input", { type: "radio", name: `${this.#id} ${q.name}`, value: o.letter, on: { change: () => send(o.letter) } });
      return { box, root: h("label", { class: "option" }, box, h("span", {}, o.text)) };
    });
    const set = (answer) => boxes.forEach(({ box }) => (box.checked = box.value === answer));
    return { fields: boxes.map((b) => b.root), set, offer: () => {} };
  }

  /** A field; a frame that is selected can be the answer. */
  #entry(q, send) {
    const input = h("input", { maxlength: "200", autocomplete: "off", spellcheck: "false", "aria-label": q.question });
    const use = h("button", { type: "button", class: "quiet use", hidden: true, on: { click: () => {
      input.value = use.dataset.name;
      send(input.value);
    } } });
    const form = h("form", { on: { submit: (e) => {
      e.preventDefault();
      send(input.value);
    } } }, h("p", {}, q.question), input, h("button", { type: "submit" }, "Answer"), use);
    const set = (answer) => {
      if (document.activeElement !== input && (answer || !input.value)) input.value = answer;
    };
    return { fields: form, set, offer: (name) => {
      use.hidden = !name;
      use.dataset.name = name;
      use.textContent = `use ${shown(name, 40)}`;
    } };
  }

  // ---- the picture -------------------------------------------------------

  /** Graph and tables stay hidden until there is a guess. */
  #hidePicture() {
    const stage = document.querySelector("main .stage");
    const waits = this.#waits;
    if (!waits || !stage) this.cover.remove();
    else if (this.cover.nextElementSibling !== stage) stage.before(this.cover);
    if (stage && !document.querySelector(".predict")) stage.hidden = waits || this.pending;
  }

  /** The function that was guessed is marked in the picture. */
  #outline(guess) {
    const { explore, store } = this.app;
    if (explore?.shown?.profile.names.includes(guess)) store.push({ fn: guess });
  }
}
