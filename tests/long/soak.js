// soak.js BUILD DISK STEP: see 50_soak.t. STEP is the file through which the
// server's clock is moved.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync, rmSync, statfsSync,
  writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { done, is, ok, skip } from "../integration/client.js";

const [build, disk, stepFile] = process.argv.slice(2);
const seconds = Number(process.env.FK_SOAK_SECONDS || 1800);
const AGENTS = 200;
const EVERY_MS = 2000;
const MIB = 1 << 20;
const DAY_MS = 86400000;
const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
const between = (a, b) => a + Math.random() * (b - a);

// ---- the clock of the server: ours, hours off midnight ----------------------------

// A disk that is full costs the oldest days, so all of it happens in one.
const away = Date.now() % DAY_MS > DAY_MS - 2 * 3600000 - seconds * 1000
  ? -6 * 3600000 : Date.now() % DAY_MS < 2 * 3600000 ? 6 * 3600000 : 0;
const clock = () => Date.now() + away;

function step(ms) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(Math.round(away + ms)) * 1000000n);
  writeFileSync(stepFile, bytes, { flag: "r+" });
}
writeFileSync(stepFile, Buffer.alloc(8));
step(0);

// ---- the server ---------------------------------------------------------------------

const port = await new Promise((found) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = probe.address();
    probe.close(() => found(free));
  });
});
let server;
let starts = 0;

// Takes the place of one that was killed; its port is free in a moment.
async function startServer() {
  for (const until = Date.now() + 60000; Date.now() < until;) {
    const child = spawn(`${build}/bin/flamekit-server`, ["--listen",
      `127.0.0.1:${port}`, "--data", `${disk}/data`, "--ingest-window", "off",
      "--distributor.ingestion-rate-limit-mb", "1000"], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, FK_CLOCK_STEP: stepFile,
        LD_PRELOAD: `${process.cwd()}/${build}/tests/long/clock_step.so` } });
    const up = await new Promise((tell) => {
      child.stdout.on("data", (text) => {
        if (text.includes("ready ")) tell(true);
      });
      child.on("exit", () => tell(false));
    });
    if (up) {
      server = child;
      starts++;
      return;
    }
    await sleep(500);
  }
  throw new Error("the server did not start within a minute");
}

const ended = (child) => new Promise((go) => {
  if (child.exitCode !== null || child.signalCode !== null) go();
  else child.on("exit", go);
});
process.on("exit", () => server?.kill("SIGKILL"));

// What happened how often.
const did = {};
const count = (what) => { did[what] = (did[what] ?? 0) + 1; };

async function killServer() {
  server.kill("SIGKILL");
  await ended(server);
  await startServer();
}

// What it holds. Connections come and go with the agents.
function holds() {
  const status = readFileSync(`/proc/${server.pid}/status`, "latin1");
  const fds = `/proc/${server.pid}/fd`;
  const what = readdirSync(fds).map((fd) => {
    try {
      return readlinkSync(`${fds}/${fd}`);
    } catch {
      return "socket:"; // closed meanwhile
    }
  });
  const sockets = what.filter((path) => path.startsWith("socket:")).length;
  return { kib: Number(/VmRSS:\s+(\d+)/.exec(status)[1]),
    files: what.length - sockets, sockets };
}

// ---- agents -----------------------------------------------------------------------------

// Each push is one profile at a time of its own, in ms.
const agents = Array.from({ length: AGENTS }, (_, n) =>
  ({ n, acked: [], unknown: [], refused: 0, dead: false, last: 0 }));
const connections = new Agent({ keepAlive: true, maxSockets: AGENTS });
let stopping = false;

function post(path, body, onRequest) {
  return new Promise((tell) => {
    const sent = request({ host: "127.0.0.1", port, path, method: "POST",
      agent: connections, timeout: 60000 }, (reply) => {
      reply.resume();
      reply.on("end", () => tell(reply.statusCode));
      reply.on("error", () => tell(0));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => tell(0));
    sent.end(body);
    onRequest?.(sent);
  });
}

async function push(agent) {
  const time = Math.max(clock(), agent.last + 1);
  agent.last = time;
  const frames = agent.n % 20;
  const status = await post(`/ingest?${new URLSearchParams({
    name: `soak.inuse_space{agent=${agent.n}}`, from: time, until: time })}`,
  `main;work;f${frames} 1\nmain;idle;f${frames + 1} 1\n`,
  (sent) => { agent.sent = sent; });
  if (status === 200) agent.acked.push(time);
  else if (status === 0) agent.unknown.push(time);
  else agent.refused++;
}

async function live(agent) {
  await sleep(between(0, EVERY_MS));
  while (!stopping) {
    if (!agent.dead) await push(agent);
    await sleep(between(0.5, 1.5) * EVERY_MS);
  }
}

// In the middle of whatever it does; another takes its place.
async function killAgent() {
  const agent = agents[Math.floor(Math.random() * AGENTS)];
  agent.dead = true;
  agent.sent?.destroy();
  setTimeout(() => { agent.dead = false; }, between(0, 5000));
}

// Real ones: the demo app with the agent in it.
const apps = [];
function startApp(n) {
  const child = spawn(`${build}/bin/demoapp`, ["--listen", "127.0.0.1:0",
    "--server", `http://127.0.0.1:${port}`, "--name", `real.${n}`],
  { stdio: "ignore", env: { ...process.env, PYROSCOPE_UPLOAD_INTERVAL: "2s" } });
  apps[n] = child;
}
process.on("exit", () => apps.forEach((app) => app.kill("SIGKILL")));

// ---- trouble --------------------------------------------------------------------------------

const filler = `${disk}/filler`;
const room = () => {
  const s = statfsSync(disk);
  return s.bavail * s.bsize;
};
let fullSeen = 0;

// All but a few MiB, for a while: the server refuses, and comes back.
async function fillDisk() {
  const refusedBefore = agents.reduce((sum, a) => sum + a.refused, 0);
  for (let rounds = 0; rounds < 20 && room() > 4 * MIB; rounds++) {
    writeFileSync(filler, Buffer.alloc(room() - 2 * MIB), { flag: "a" });
    await sleep(200);
  }
  await sleep(12000);
  fullSeen += agents.reduce((sum, a) => sum + a.refused, 0) - refusedBefore;
  rmSync(filler, { force: true });
}

async function stepClock() {
  step(between(-45, 45) * 60000);
  await sleep(between(1000, 10000));
  step(0);
}

async function killApp() {
  const n = Math.floor(Math.random() * apps.length);
  apps[n].kill("SIGKILL");
  await ended(apps[n]);
  startApp(n);
}

// Again and again until then, never sooner than a third of the time.
async function trouble(plan, every, until) {
  for (;;) {
    const wait = between(0.3, 1) * Math.min(every, seconds * 150);
    if (Date.now() + wait > until) return;
    await sleep(wait);
    await plan();
    count(plan.name);
  }
}

// ---- the half hour -----------------------------------------------------------------------------

await startServer();
for (let n = 0; n < 3; n++) startApp(n);
const lives = agents.map(live);
const begin = Date.now();
const half = begin + seconds * 500;
const end = begin + seconds * 1000;
const troubles = [[killAgent, 500], [killApp, 15000], [stepClock, 20000],
  [fillDisk, 60000]].map(([plan, every]) => trouble(plan, every, end));
await trouble(killServer, 25000, half);

// In the second half the server lives through the rest of it without growing.
const samples = [];
while (Date.now() < end) {
  await sleep(Math.min(5000, seconds * 10));
  samples.push(holds());
}
await Promise.all(troubles);
step(0);
stopping = true;
await Promise.all(lives);
for (const [what, often] of [["killServer", 120], ["killAgent", 2],
  ["killApp", 60], ["stepClock", 120], ["fillDisk", 150]])
  ok(`${what}: ${did[what]} times`, did[what] >= Math.floor(seconds / often));
ok(`the disk was full for ${fullSeen} pushes`, fullSeen > 0);

const third = Math.floor(samples.length / 3);
const middle = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const early = samples.slice(third, 2 * third);
const late = samples.slice(2 * third);
for (const [what, slack] of [["kib", 16 * 1024], ["files", 8]]) {
  if (seconds < 1800) {
    skip(`no growth of ${what}`, "it is still warming up in so short a time");
    continue;
  }
  const a = middle(early.map((s) => s[what]));
  const b = middle(late.map((s) => s[what]));
  ok(`no growth of ${what}: ${a} then ${b}`, b <= a * 1.1 + slack);
}

const most = Math.max(...samples.map((s) => s.sockets));
ok(`a connection for each agent at most: ${most}`,
  most <= AGENTS + 2 * apps.length + 20);

// ---- acknowledged = stored -----------------------------------------------------------------------

async function storedTimes(n) {
  const reply = await fetch(`http://127.0.0.1:${port}` +
    "/querier.v1.QuerierService/SelectSeries", { method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ profileTypeID: "memory:inuse_space:bytes::",
      labelSelector: `{service_name="soak",agent="${n}"}`,
      start: begin + away - 60000, end: clock() + 60000, step: 0.001 }) });
  const answer = await reply.json();
  const points = answer.series?.[0]?.points ?? [];
  return { times: new Set(points.map((p) => Number(p.timestamp))),
    wrong: points.filter((p) => p.value !== 2).length };
}

let acked = 0, lost = 0, invented = 0, wrong = 0, unknown = 0;
for (const agent of agents) {
  const stored = await storedTimes(agent.n);
  const maybe = new Set([...agent.acked, ...agent.unknown]);
  acked += agent.acked.length;
  unknown += agent.unknown.length;
  lost += agent.acked.filter((t) => !stored.times.has(t)).length;
  invented += [...stored.times].filter((t) => !maybe.has(t)).length;
  wrong += stored.wrong;
}
ok(`${acked} profiles were acknowledged`, acked > AGENTS * seconds / 20);
is("none of them is lost", lost, 0);
is("none is stored that nobody sent", invented, 0);
is("none is stored twice or in part", wrong, 0);
console.log(`# of ${unknown} more nobody knows; ${starts} starts`);
const real = await (await fetch(`http://127.0.0.1:${port}/label-values?` +
  "label=service_name")).json();
is("the real agents are there", [0, 1, 2].filter((n) =>
  real.includes(`real.${n}`)), [0, 1, 2]);

connections.destroy();
apps.forEach((app) => app.kill("SIGTERM"));
server.kill("SIGTERM");
await ended(server);
is("the server ends in order", server.exitCode, 0);
done();
