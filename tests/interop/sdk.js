// One SDK's program against a server of its own: node sdk.js LANGUAGE COMMAND...
// The program spends 20 % in fast_function and 80 % in slow_function, tagged;
// both splits, the tags and the profile types must come back through the API.
// On a busy machine a run has fewer samples: it is run again until there are
// enough, all runs together.
import { spawn } from "node:child_process";
import { call, done, is, levelsOf, ok, stacksOf, startServer }
  from "../integration/client.js";

const seconds = 12;
const maxRuns = 40;
const cpu = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const languages = {
  python: { type: cpu, types: [cpu], seen: 5 },
  rust: { type: cpu, types: [cpu] },
  java: { type: cpu, types: [cpu] },
  go: { type: cpu, types: [cpu, "process_cpu:samples:count:cpu:nanoseconds",
    "memory:alloc_objects:count:space:bytes",
    "memory:alloc_space:bytes:space:bytes",
    "memory:inuse_objects:count:space:bytes",
    "memory:inuse_space:bytes:space:bytes"] },
  nodejs: { type: "wall:cpu:nanoseconds:wall:nanoseconds",
    types: ["wall:cpu:nanoseconds:wall:nanoseconds",
      "wall:samples:count:wall:nanoseconds",
      "wall:wall:nanoseconds:wall:nanoseconds",
      "memory:inuse_objects:count:inuse_space:bytes",
      "memory:inuse_space:bytes:inuse_space:bytes"] },
};

const [language, command, ...args] = process.argv.slice(2);
const { type, types, seen = 1 } = languages[language];
const enough = 400 * seen;
const service = `simple.${language}.app`;
const server = await startServer();
const all = { start: Date.now() - 60000, end: Date.now() + 600000 };

async function ask(method, body) {
  const reply = await call(server.url, `/querier.v1.QuerierService/${method}`,
    "application/json", JSON.stringify({ ...all, ...body }));
  if (reply.status !== 200) throw new Error(`${method}: ${reply.bytes}`);
  return JSON.parse(reply.bytes);
}

async function stacks(more = "") {
  const { flamegraph } = await ask("SelectMergeStacktraces", { maxNodes: 65536,
    profileTypeID: type, labelSelector: `{service_name="${service}"${more}}` });
  return flamegraph ? stacksOf(flamegraph.names, levelsOf(flamegraph)) : [];
}

const sum = (list) => list.reduce((n, [, value]) => n + value, 0);

// Five standard deviations of a count among that many samples of 10 ms. A
// profiler that looks at the clock on the wall sees the same place up to five
// times while the program waits for a core: so much less is a sample worth.
// The one percent is for what differs between the two calls of the same loop.
function near(what, part, whole, share) {
  const samples = whole / 1e7 / seen;
  const margin = 5 * Math.sqrt(share * (1 - share) / samples) + 0.01;
  ok(`${what}: ${(100 * part / whole).toFixed(1)} % of ${
    Math.round(whole / 1e7)} samples`, Math.abs(part / whole - share) < margin,
  `wanted ${100 * share} %, give or take ${(100 * margin).toFixed(1)}`);
}

const run = () => new Promise((resolve) => {
  const child = spawn(command, [...args, `${seconds}`], {
    env: { ...process.env, PYROSCOPE_SERVER_ADDRESS: server.url },
    stdio: ["ignore", "ignore", "inherit"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), 1000 * seconds * 10);
  child.on("exit", (code, signal) => {
    clearTimeout(timer);
    resolve(code ?? signal);
  });
  child.on("error", (error) => resolve(`${error}`));
});

const through = (list, name) => sum(list.filter(([stack]) =>
  new RegExp(`(^|[;.:])${name}($|[;.:])`).test(stack)));

let [every, fast, slow, status] = [[], 0, 0, 0];
for (let runs = 0; status === 0 && runs < maxRuns
  && fast + slow < enough * 1e7; runs++) {
  status = await run();
  every = await stacks();
  fast = through(every, "fast_function");
  slow = through(every, "slow_function");
}
is(`${language}: the program ends in order`, status, 0);
ok(`${language}: enough samples`, fast + slow >= enough * 1e7,
  `${(fast + slow) / 1e7} of ${sum(every) / 1e7}, wanted ${enough}`);
near(`${language}: slow_function`, slow, fast + slow, 0.8);

// Starting and ending are not tagged, nor, in some languages, the call that
// sets the tag.
const tagged = {};
for (const value of ["fast", "slow"])
  tagged[value] = sum(await stacks(`,function="${value}"`));
near(`${language}: function="slow"`, tagged.slow, tagged.fast + tagged.slow,
  0.8);
const part = (tagged.fast + tagged.slow) / (fast + slow);
ok(`${language}: tagged is ${(100 * part).toFixed(1)} % of both functions`,
  part > 0.9 && part < 1.1, "wanted 90 % to 110 %");

const matchers = [`{service_name="${service}"}`];
const got = (await ask("LabelValues",
  { name: "__profile_type__", matchers })).names ?? [];
is(`${language}: profile types`, types.filter((t) => !got.includes(t)), []);
is(`${language}: env`, (await ask("LabelValues", { name: "env", matchers }))
  .names, ["workshop"]);
is(`${language}: the server ends in order`, await server.stop(), 0);
done();
