/**
 * A stand-in for the server: the page under the same policy, and the wire
 * answered from synthetic profiles. It can be told to be away, slow, empty,
 * to fail, or to carry hostile names: states that are hard to provoke.
 *
 *   node tests/ui/fake_server.js [PORT]
 */
import { createServer } from "node:http";
import { readFileSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dirname, extname, join } from "node:path";
import { costs, encode, encodeDouble, ENDPOINTS, HOSTILE, NS_PER_MS, random, randomGraph } from "./world.js";

/** The page as FK_BUILD packs it, or as it is written. */
const UI = join(dirname(fileURLToPath(import.meta.url)), "../..", process.env.FK_BUILD ? `${process.env.FK_BUILD}/server/page/assets` : "server/ui");
const BUILD = "test";
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
  + "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
  + "require-trusted-types-for 'script'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };
const CPU = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const PAGES = /^\/(?:|comparison|comparison-diff|diff|explore|tags|adhoc|workshop(?:\/[\w.]+)?|docs|status)$/;
const SAMPLES = "process_cpu:samples:count:cpu:nanoseconds";
const WALL = "wall:wall:nanoseconds:wall:nanoseconds";
const MINUTE = 60e3;

/** An exercise as `flamekit drawer` tells it: a guess, a load, an answer, solved. */
function exercise() {
  return {
    id: "07.2", title: "Find the hot function", minutes: [8, 12], optional: false, text: TASK, hints: [], hintsAll: 2,
    prediction: { question: "Which share has compute_primes_slow?", guess: "", measured: "" },
    questions: [
      { name: "top_self", question: "Which function has the largest SELF time?", answer: "" },
      { name: "hot", question: "How?", answer: "", options: [{ letter: "a", text: "It is called most often" }, { letter: "b", text: "One call costs more" }] }],
    played: false,
  };
}

const TASK = `
# 07.2 Find the hot function

## 1 Story

Users say that the service *eats* CPU.

## 2 Predict

Guess first:

\`\`\`sh
flamekit predict 07.2 40
\`\`\`

## 3 Do

\`\`\`sh
flamekit run 07.2
\`\`\`

1. find \`compute_primes_slow\`,
2. click it
   to zoom.

## 4 Explain

*Total* is a function and everything it called.

## 5 Check

\`\`\`sh
flamekit check 07.2
\`\`\`
`;

function world(options) {
  const now = options.now ?? Date.now();
  return {
    services: { "workshop.demo.app": [CPU, SAMPLES, WALL] },
    graph: null, hostile: false, fail: null, delay: 0, kitHeld: false, away: false, run: "r-7f3a91c2",
    begun: now - 40 * MINUTE, dataUntil: Infinity, ahead: 0, period: 1, perSecond: 1,
    phases: [["warm-up", 4.6, 3.9, 4], ["cached", 3.8, 2.8, 40], ["uncached", 2.7, 1.6, 40], ["mixed", 1.5, 0.05, 20]]
      .map(([name, from, until, rate], i) => ({
        id: `r-7f3a91c2/mixed/${i}/${name}`, appName: "workshop.demo.app", content: `phase: ${name}`, kind: "phase", run: "r-7f3a91c2",
        timestamp: Math.round(now - from * MINUTE), until: Math.round(now - until * MINUTE),
        data: { plan: "story", phase: name, rate, sent: Math.round((from - until) * 60 * rate) },
      })),
    notes: [{ id: "n1", kind: "deploy", content: "deploy v2", timestamp: Math.round(now - 1.2 * MINUTE), data: {} }],
    activity: [], requests: [], exercise: exercise(), ...options,
  };
}

/** The server's clock, which may be ahead of this machine's. */
const clockOf = (w) => w.frozenAt ?? Date.now() + w.ahead;

/** How busy the service is at t, as a factor of the mixed load. */
function busy(w, t) {
  if (t < w.begun || t > w.dataUntil || t > clockOf(w)) return 0;
  const phase = w.phases.find((p) => t >= p.timestamp && t < p.until);
  const level = { "warm-up": 0.25, cached: 0.35, uncached: 1.9, mixed: 1.1 }[phase?.data.phase] ?? 0.5;
  return level * (0.85 + 0.3 * random(Math.floor(t / 5000))());
}

const busySeconds = (w, from, until) => {
  let sum = 0;
  for (let t = from; t < until; t += 1000) sum += busy(w, t) * Math.min(1000, until - t) / 1000;
  return sum;
};

/** The matchers on `endpoint`, by a reader of the test's own. */
function keeper(selector) {
  const tests = [...selector.matchAll(/([\w.]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g)].map(([, name, op, raw]) => {
    const value = raw.replace(/\\(.)/g, "$1");
    const re = op.endsWith("~") ? new RegExp(`^(?:${value})$`) : null;
    const same = (v) => (re ? re.test(v) : v === value);
    return { name, test: (v) => same(v) !== op.startsWith("!") };
  });
  const of = (name) => tests.filter((t) => t.name === name);
  return {
    service: (s) => of("service_name").every((t) => t.test(s)),
    endpoint: (e) => of("endpoint").every((t) => t.test(e)),
    others: tests.filter((t) => !["service_name", "endpoint"].includes(t.name)).every((t) => t.test("")),
  };
}

function stacksOf(w, type, selector, from, until) {
  const keep = keeper(selector);
  const known = Object.entries(w.services).some(([s, types]) => keep.service(s) && types.includes(type));
  const seconds = known && keep.others ? busySeconds(w, from, until) : 0;
  const scale = seconds * w.perSecond * (type === SAMPLES ? 0.1 : NS_PER_MS);
  const stacks = costs(keep.endpoint, type === WALL).map(([s, ms]) => [s, Math.round(ms * scale)]).filter(([, v]) => v > 0);
  if (w.hostile && type !== SAMPLES) HOSTILE.forEach((name, i) => stacks.push([["main", name, `child of ${i}`], 30000 * NS_PER_MS * (i + 1)]));
  return stacks;
}

function flamegraph(w, type, selector, from, until, maxNodes) {
  if (w.graph && type !== SAMPLES) return w.graph;
  return encode(stacksOf(w, type, selector, from, until), maxNodes);
}

function parseSelection(query) {
  const at = query.indexOf("{");
  return at < 0 ? [query, "{}"] : [query.slice(0, at), query.slice(at)];
}

function render(w, url) {
  const [type, selector] = parseSelection(url.searchParams.get("query") ?? "");
  const fb = flamegraph(w, type, selector, Number(url.searchParams.get("from")), Number(url.searchParams.get("until")),
    Number(url.searchParams.get("max-nodes") ?? 8192));
  return { version: 1, flamebearer: fb, metadata: { format: "single", units: "samples", sampleRate: 1e9, name: "cpu" }, timeline: null, groups: null, heatmap: null };
}

/** A side's stacks, for the double flame graph. */
function sideStacks(w, p, id) {
  const [type, selector] = parseSelection(p.get(`${id}Query`) ?? "");
  return stacksOf(w, type, selector, Number(p.get(`${id}From`)), Number(p.get(`${id}Until`)));
}

function renderDiff(w, { searchParams: p }) {
  const { leftTicks, rightTicks, ...flamebearer } = encodeDouble(sideStacks(w, p, "left"), sideStacks(w, p, "right"));
  return { version: 1, flamebearer, leftTicks, rightTicks, metadata: { format: "double", units: "samples", sampleRate: 1e9, name: "cpu" }, timeline: null, groups: null, heatmap: null };
}

function labels(pairs) {
  return { labels: Object.entries(pairs).map(([name, value]) => ({ name, value })) };
}

/** One series for each value of a label. */
function seriesBy(w, m) {
  const [label] = m.groupBy;
  const values = { endpoint: ENDPOINTS, service_name: Object.keys(w.services) }[label] ?? [];
  return { series: values.map((value) => {
    const selector = m.labelSelector.replace("}", `${m.labelSelector.length > 2 ? "," : ""}${label}="${value}"}`);
    const [{ points = [] } = {}] = QUERIER.SelectSeries(w, { ...m, groupBy: [], labelSelector: selector }).series ?? [];
    return { ...labels({ [label]: value }), points };
  }).filter((one) => one.points.length) };
}

const QUERIER = {
  Series: (w) => ({ labelsSet: Object.entries(w.services).flatMap(([service_name, types]) =>
    types.map((t) => labels({ __profile_type__: t, service_name }))) }),
  LabelNames: () => ({ names: ["__name__", "__profile_type__", "endpoint", "env", "service_name", "version"] }),
  LabelValues: (w, { name }) => ({ names: { endpoint: ENDPOINTS, env: ["workshop"], version: ["1.0.0"] }[name] ?? [] }),
  SelectMergeStacktraces(w, m) {
    const site = (m.stackTraceSelector?.callSite ?? []).map((f) => f.name);
    const stacks = stacksOf(w, m.profileTypeID, m.labelSelector, m.start, m.end).filter(([s]) => site.every((name, i) => s[i] === name));
    const { names, levels, numTicks } = encode(stacks, Number(m.maxNodes));
    return { flamegraph: { names, levels: levels.map((values) => ({ values: values.map(String) })), total: String(numTicks) } };
  },
  SelectSeries(w, m) {
    if (m.groupBy?.length) return seriesBy(w, m);
    const keep = keeper(m.labelSelector);
    const cost = costs(keep.endpoint, m.profileTypeID === WALL).reduce((sum, [, ms]) => sum + ms, 0) * NS_PER_MS * w.perSecond;
    const points = [];
    for (let t = m.start; t <= m.end; t += m.step * 1000) {
      const v = busySeconds(w, t - m.step * 1000, t) * cost;
      if (v > 0 && keep.others) points.push({ value: v, timestamp: String(Math.round(t)) });
    }
    return points.length ? { series: [{ points }] } : {};
  },
};

function hello(w) {
  const now = clockOf(w);
  return { kit: "flamekit", component: "server", version: "0.1.0", run: w.run, pid: 4711, startedAt: w.begun, now };
}

const ACTS = {
  hint: (ex) => ex.hints.length < ex.hintsAll && ex.hints.push(`Hint ${ex.hints.length + 1}: look for a \`wide\` frame.`),
  predict: (ex, { value }) => (ex.prediction.guess ||= value),
  answer: (ex, { name, value }) => (ex.questions.find((q) => q.name === name).answer = value),
  run: (ex) => (ex.played = true),
};
const RIGHT = { top_self: "is_prime_slow", hot: "b" };

/** The exercise, judged. */
function drawer({ played, ...ex }) {
  const answered = ex.questions.map((q) => ({ about: "answer",
    verdict: q.answer === RIGHT[q.name] ? "PASS" : "NOT YET",
    text: q.answer === RIGHT[q.name] ? `${q.answer}: right` : q.answer ? `${q.answer}: not that one` : "no answer yet" }));
  const findings = played ? [{ about: "data", verdict: "PASS", text: "samples 1,204, wanted at least 300" }, ...answered] : [];
  const passed = played && answered.every((a) => a.verdict === "PASS");
  const reason = played ? "" : "no load was played in this run";
  return { ...ex, state: passed ? "passed" : "started", prediction: { ...ex.prediction, measured: ex.prediction.guess && played ? "71.2 %" : "" },
    verdict: passed ? "PASS" : "NOT YET", reason, advice: passed ? "A wide frame tells you where to look." : reason, findings };
}

function exercises(w, method, url, body) {
  const [, id] = /^\/api\/kit\/exercises(?:\/(.+))?$/.exec(url.pathname);
  if (!w.exercise) return null;
  if (!id) return { exercises: [drawer(w.exercise), { ...drawer(w.exercise), id: "07.3", title: "Another", state: "passed" }] };
  if (id !== w.exercise.id) return null;
  if (method === "POST") {
    const message = JSON.parse(body);
    ACTS[message.act](w.exercise, message);
  }
  return drawer(w.exercise);
}

const METRICS = "# HELP flamekit_dropped_samples Samples dropped on their way.\nflamekit_dropped_samples 0\npyroscope_discarded_samples_total{reason=\"limit\"} 0\nflamekit_profiles_received_total 412\n";

function annotations(w, method, url, body) {
  if (method === "POST") w.notes.push({ id: `n${w.notes.length + 1}`, data: {}, ...JSON.parse(body) });
  if (method === "DELETE") w.notes = w.notes.filter((n) => n.id !== decodeURIComponent(url.pathname.split("/").at(-1)));
  return method === "GET" ? [...w.phases, ...w.notes] : {};
}

function answer(w, method, url, body) {
  if (url.pathname === "/pyroscope/render") return render(w, url);
  if (url.pathname === "/pyroscope/render-diff") return renderDiff(w, url);
  const rpc = /^\/querier\.v1\.QuerierService\/(\w+)$/.exec(url.pathname);
  if (rpc && QUERIER[rpc[1]]) return QUERIER[rpc[1]](w, JSON.parse(body));
  if (rpc && rpc[1] === "SelectMergeProfile") return w.pprof ?? Buffer.from([0x0a, 0x00]);
  if (url.pathname === "/api/kit/hello") return hello(w);
  if (url.pathname.startsWith("/api/kit/exercises")) return exercises(w, method, url, body);
  if (url.pathname.startsWith("/api/annotations")) return annotations(w, method, url, body);
  if (url.pathname === "/api/kit/snapshots") return [];
  if (url.pathname === "/metrics") return METRICS;
  if (url.pathname === "/api/kit/activity" && method === "POST") {
    w.activity.push(JSON.parse(body));
    return {};
  }
  return null;
}

function sendPage(res, path) {
  const asset = /^\/assets\/\w+\/([\w.]+)$/.exec(path);
  const file = join(UI, asset ? asset[1] : "index.html");
  if (!existsSync(file) || (!asset && !PAGES.test(path))) {
    res.writeHead(404).end("not found\n");
    return;
  }
  const text = readFileSync(file, "utf8").replaceAll("@BUILD@", BUILD);
  res.writeHead(200, { "Content-Type": TYPES[extname(file)], "Content-Security-Policy": POLICY, "Cache-Control": "no-store" }).end(text);
}

function sendAnswer(res, data) {
  if (data === null) res.writeHead(404).end("{}");
  else if (Buffer.isBuffer(data)) res.writeHead(200, { "Content-Type": "application/proto" }).end(data);
  else if (typeof data === "string") res.writeHead(200, { "Content-Type": "text/plain" }).end(data);
  else res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(data));
}

const isWire = (path) => /^\/(?:pyroscope|querier\.v1|api|metrics)/.test(path);

function handle(w, req, res) {
  const url = new URL(req.url, "http://fake");
  if (!isWire(url.pathname)) {
    sendPage(res, url.pathname);
    return;
  }
  let body = "";
  req.on("data", (d) => (body += d));
  req.on("end", () => {
    w.requests.push({ method: req.method, path: url.pathname, search: url.searchParams, body });
    if (w.away) {
      res.destroy();
      return;
    }
    const failure = typeof w.fail === "function" ? w.fail(url.pathname) : w.fail;
    if (failure) {
      res.writeHead(failure.status, { "Content-Type": "application/json" }).end(JSON.stringify({ code: "unknown", message: failure.message }));
      return;
    }
    // A delay that is shortened meanwhile holds for answers under way, too.
    const asked = Date.now();
    const held = () => w.kitHeld && req.method === "POST" && url.pathname.startsWith("/api/kit/exercises");
    const wait = () => {
      if (res.destroyed) return;
      if (Date.now() - asked >= w.delay && !held()) sendAnswer(res, answer(w, req.method, url, body));
      else setTimeout(wait, 10);
    };
    wait();
  });
}

/**
 * @param {object} [options] any field of the world to begin with
 * @returns {Promise<{url: string, world: object, close: () => Promise<void>}>}
 */
export async function startFake(options = {}, port = 0) {
  const w = world(options);
  const server = createServer((req, res) => handle(w, req, res));
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    world: w,
    close: () => new Promise((closed) => {
      server.closeAllConnections();
      server.close(closed);
    }),
  };
}

export { CPU, SAMPLES, WALL, randomGraph };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const fake = await startFake({}, Number(process.argv[2] ?? 0));
  process.stdout.write(`ready ${fake.url}\n`);
}
