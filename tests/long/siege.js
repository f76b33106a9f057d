// siege.js BUILD DIR: see 55_siege.t.
import { createHash } from "node:crypto";
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync,
  writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { done, is, ok } from "../integration/client.js";

const [build, dir] = process.argv.slice(2);
const seconds = Number(process.env.FK_SIEGE_SECONDS || 60);
const CLIENTS = 8;
const DAY_MS = 86400000;
const SECRET = "of-all";
const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
const pick = (n) => Math.floor(Math.random() * n);

// ---- the server ---------------------------------------------------------------------

// Rewritten as a whole; the second line comes and goes.
function writeTokens(more) {
  const line = (name, secret) => `${name} admin * ` +
    `${createHash("sha256").update(secret).digest("hex")}\n`;
  writeFileSync(`${dir}/tokens.new`, line("all", SECRET) +
    (more ? line("guest", "guest") : ""), { mode: 0o600 });
  renameSync(`${dir}/tokens.new`, `${dir}/tokens`);
}

const log = openSync(`${dir}/server.log`, "a");
let server, port;
async function startServer() {
  server = spawn(`${build}/bin/flamekit-server`, ["--listen", "127.0.0.1:0",
    "--data", `${dir}/data`, "--multitenancy", "--tokens", `${dir}/tokens`,
    "--ingest-window", "off", "--keep-profiles", "6h"],
  { stdio: ["ignore", "pipe", log] });
  port = await new Promise((tell, fail) => {
    server.stdout.on("data", (text) =>
      tell(/ready http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]));
    server.on("exit", () => fail(new Error("the server did not start")));
  });
}
const ended = (child) => new Promise((go) => {
  if (child.exitCode !== null || child.signalCode !== null) go();
  else child.on("exit", go);
});
process.on("exit", () => server?.kill("SIGKILL"));

async function maintain(...args) {
  const child = spawn(`${build}/bin/flamekit-server`, args,
    { stdio: ["ignore", args[0] === "--check" ? log : "ignore", log] });
  await ended(child);
  return child.exitCode;
}

// ---- a client --------------------------------------------------------------------------

const connections = new Agent({ keepAlive: true });
const statuses = {};
let stopping = false;

function ask(client, what, method, path, body, leaveAfter) {
  return new Promise((tell) => {
    const sent = request({ host: "127.0.0.1", port, path, method,
      agent: connections, timeout: 60000, headers: {
        authorization: `Bearer ${SECRET}`,
        "x-scope-orgid": `team-${client.n % 3}`,
        "content-type": "application/json" } }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (more) => { text += more; });
      reply.on("end", () => {
        const key = `${what} ${reply.statusCode}`;
        statuses[key] = (statuses[key] ?? 0) + 1;
        tell({ status: reply.statusCode, text });
      });
      reply.on("error", () => tell({ status: 0 }));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => tell({ status: 0 }));
    sent.end(body);
    if (leaveAfter !== undefined) setTimeout(() => sent.destroy(), leaveAfter);
  });
}

const clients = Array.from({ length: CLIENTS }, (_, n) =>
  ({ n, acked: [], unknown: [], last: 0, files: [], snapshots: [] }));
const begin = Date.now();

// Each upload is one profile at a time of its own.
async function upload(c) {
  const time = c.last = Math.max(Date.now(), c.last + 20);
  const reply = await ask(c, "upload", "POST", "/ingest?" + new URLSearchParams(
    { name: `siege.inuse_space{client=${c.n}}`, from: time, until: time }),
  `main;a;f${pick(500)} 1\nmain;b;f${pick(500)} 1\n`);
  if (reply.status === 200) c.acked.push(time);
  else if (reply.status === 0) c.unknown.push(time);
}

// Other days than today.
const old = (c) => ask(c, "old", "POST", "/ingest?" + new URLSearchParams(
  { name: `old.cpu{n=${pick(20)}}`, from: Date.now() - pick(5 * DAY_MS) }),
`main;x${pick(1000)};y 3\n`);

const heap = "memory:inuse_space:bytes::";
const range = () => ({ start: Date.now() - 2 * DAY_MS, end: Date.now() + 60000 });
function query(c) {
  const [method, more] = [["SelectMergeStacktraces", {}],
    ["SelectMergeProfile", {}], ["SelectSeries", { step: 15, groupBy: ["client"] }],
    ["SelectHeatmap", { step: 60, queryType: 1 }], ["LabelNames", {}],
    ["Series", {}], ["LabelValues", { name: "client" }]][pick(7)];
  return ask(c, method, "POST", `/querier.v1.QuerierService/${method}`,
    JSON.stringify({ profileTypeID: heap, labelSelector: "{}", ...range(),
      ...more }), pick(4) ? undefined : pick(20));
}

const render = (c) => ask(c, "render", "GET", "/pyroscope/render?" +
  new URLSearchParams({ query: `${heap}{client=~"[0-4]"}`, from: "now-1d",
    until: "now", groupBy: "client", format: pick(2) ? "json" : "dot" }));

async function adhoc(c) {
  const path = "/adhocprofiles.v1.AdHocProfileService/";
  const reply = await ask(c, "adhoc upload", "POST", `${path}Upload`,
    JSON.stringify({ name: "a.txt",
      profile: Buffer.from("main;a 1\nmain;b 2\n").toString("base64") }));
  if (reply.status === 200) c.files.push(JSON.parse(reply.text).id);
  await ask(c, "adhoc list", "POST", `${path}List`, "{}");
  if (c.files.length < 2) return;
  await ask(c, "adhoc diff", "POST", `${path}Diff`, JSON.stringify(
    { leftId: c.files[0], rightId: c.files.at(-1) }));
}

async function snapshot(c) {
  const path = "/api/kit/snapshots";
  const reply = await ask(c, "snapshot", "POST", path,
    JSON.stringify({ name: "s", a: "x".repeat(pick(100000)) }));
  if (reply.status === 200) c.snapshots.push(JSON.parse(reply.text).id);
  if (c.snapshots.length < 3) return;
  await ask(c, "snapshot get", "GET", `${path}/${c.snapshots[1]}`);
  await ask(c, "snapshot delete", "DELETE", `${path}/${c.snapshots.shift()}`);
}

async function note(c) {
  const id = `n${pick(50)}`;
  await ask(c, "note", "POST", "/api/annotations",
    JSON.stringify({ id, kind: "note", content: "x" }));
  await ask(c, "notes", "GET", "/api/annotations");
  await ask(c, "note delete", "DELETE", `/api/annotations/${id}`);
  await ask(c, "setting", "POST", "/settings.v1.SettingsService/Set",
    JSON.stringify({ setting: { name: id, value: "v" } }));
}

const look = (c) => ask(c, "look", "GET", ["/metrics", "/ready",
  "/api/v1/status/config", "/config", "/"][pick(5)]);

const deeds = [upload, upload, upload, old, query, query, render, adhoc,
  snapshot, note, look];
async function live(c) {
  while (!stopping) await deeds[pick(deeds.length)](c);
}

// ---- the siege ------------------------------------------------------------------------------

writeTokens(false);
await startServer();
const first = server;
const end = Date.now() + seconds * 1000;
const lives = clients.map(live);
let reloads = 0, backups = 0, checks = 0;
const badEnds = [];

async function reload() {
  while (Date.now() < end) {
    writeTokens(reloads++ % 2);
    first.kill("SIGHUP");
    await sleep(pick(40));
  }
}
async function lookAfter() {
  while (Date.now() < end) {
    const backup = await maintain("--data", `${dir}/data`, "--backup",
      `${dir}/backup.tar`);
    if (backup !== 0) badEnds.push(`backup ${backup}`);
    mkdirSync(`${dir}/restored`);
    execFileSync("tar", ["-xf", `${dir}/backup.tar`, "-C", `${dir}/restored`]);
    const restored = await maintain("--check", `${dir}/restored`);
    if (restored !== 0) badEnds.push(`check of what was restored ${restored}`);
    rmSync(`${dir}/restored`, { recursive: true });
    rmSync(`${dir}/backup.tar`, { force: true });
    backups++;
    const check = await maintain("--check", `${dir}/data`);
    if (check !== 0) badEnds.push(`check ${check}`);
    checks++;
    await sleep(1000);
  }
}
await Promise.all([reload(), lookAfter()]);
first.kill("SIGTERM"); // with eight requests under way
await ended(first);
stopping = true;
await Promise.all(lives);
is("it ends in order with requests under way", first.exitCode, 0);
ok(`it was reloaded ${reloads} times`, reloads > seconds * 5);
ok(`backed up ${backups} times, checked ${checks} times`, backups && checks);
is("each time well", badEnds, []);
console.log(`# ${JSON.stringify(statuses)}`);
// 499: whoever left. 503, 429: come again. 404, 409: another was there first.
is("no answer is a failure", Object.keys(statuses).filter((key) =>
  !/ (200|499|503|429|404|409)$/.test(key)), []);

// ---- acknowledged = stored ---------------------------------------------------------------------

await startServer();
let acked = 0, lost = 0, invented = 0, wrong = 0;
for (const c of clients) {
  const reply = await ask(c, "last", "POST",
    "/querier.v1.QuerierService/SelectSeries", JSON.stringify({
      profileTypeID: heap, start: begin - 60000, end: Date.now() + DAY_MS,
      labelSelector: `{service_name="siege",client="${c.n}"}`, step: 0.001 }));
  const points = JSON.parse(reply.text).series?.[0]?.points ?? [];
  const stored = new Set(points.map((p) => Number(p.timestamp)));
  const maybe = new Set([...c.acked, ...c.unknown]);
  acked += c.acked.length;
  lost += c.acked.filter((t) => !stored.has(t)).length;
  invented += [...stored].filter((t) => !maybe.has(t)).length;
  wrong += points.filter((p) => p.value !== 2).length;
}
ok(`${acked} profiles were acknowledged`, acked > seconds);
is("none of them is lost", lost, 0);
is("none is stored that nobody sent", invented, 0);
is("none is stored twice or in part", wrong, 0);
connections.destroy();
server.kill("SIGTERM");
await ended(server);
is("the server ends in order", server.exitCode, 0);
is("all is sound", await maintain("--check", `${dir}/data`), 0);
closeSync(log);
const complaints = readFileSync(`${dir}/server.log`, "utf8").split("\n")
  .filter((line) => /Sanitizer|runtime error|corrupt/.test(line));
is("and nobody complained", complaints, []);
if (complaints.length) console.log(readFileSync(`${dir}/server.log`, "utf8")
  .split("\n").filter((line) => !/ (reloaded|reload) /.test(line)).slice(0, 120)
  .map((line) => `# ${line}`).join("\n"));
done();
