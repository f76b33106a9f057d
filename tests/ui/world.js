/**
 * Synthetic profiles for tests: the workshop's service in a few phases, large
 * random call graphs, and names nobody should trust. Deterministic.
 */

/** A small generator of pseudo-random numbers in 0..1. @param {number} seed */
export function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Stacks to the wire's flame graph.
 * @param {[string[], number][]} stacks root first
 * @param {number} [maxNodes]
 */
export function encode(stacks, maxNodes = Infinity) {
  const root = { name: "total", total: 0, self: 0, kids: new Map() };
  for (const [stack, v] of stacks) {
    let at = root;
    root.total += v;
    for (const name of stack) {
      if (!at.kids.has(name)) at.kids.set(name, { name, total: 0, self: 0, kids: new Map() });
      at = at.kids.get(name);
      at.total += v;
    }
    at.self += v;
  }
  prune(root, maxNodes);
  return levelsOf(root);
}

function prune(root, maxNodes) {
  const totals = [];
  const all = [root];
  for (let i = 0; i < all.length; i++) {
    for (const k of all[i].kids.values()) {
      all.push(k);
      totals.push(k.total);
    }
  }
  if (totals.length <= maxNodes) return;
  const least = totals.sort((a, b) => b - a)[maxNodes - 1];
  for (const node of all) {
    let rest = 0;
    for (const [name, k] of node.kids) {
      if (k.total >= least) continue;
      rest += k.total;
      node.kids.delete(name);
    }
    if (rest) node.kids.set("other", { name: "other", total: rest, self: rest, kids: new Map() });
  }
}

function levelsOf(root) {
  const names = ["total"];
  const index = new Map([["total", 0]]);
  const id = (name) => {
    if (!index.has(name)) {
      index.set(name, names.length);
      names.push(name);
    }
    return index.get(name);
  };
  const levels = [];
  let maxSelf = 0;
  let row = [{ node: root, x: 0 }];
  while (row.length) {
    const values = [];
    const next = [];
    let at = 0;
    for (const { node, x } of row) {
      values.push(x - at, node.total, node.self, id(node.name));
      at = x + node.total;
      maxSelf = Math.max(maxSelf, node === root ? 0 : node.self);
      let childAt = x + node.self;
      for (const k of [...node.kids.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        next.push({ node: k, x: childAt });
        childAt += k.total;
      }
    }
    levels.push(values);
    row = next;
  }
  return { names, levels, numTicks: root.total, maxSelf };
}

/**
 * A random call graph, walked from its root until `nodes` different places
 * have been seen: each function has a few callees, of which the first are
 * likeliest; stacks are up to 60 deep.
 * @param {number} nodes
 * @param {number} [seed]
 */
export function randomGraph(nodes, seed = 7) {
  const rnd = random(seed);
  const pool = 2000;
  const callees = Array.from({ length: pool }, () =>
    Array.from({ length: 2 + Math.floor(rnd() * 6) }, () => Math.floor(rnd() * pool)));
  const name = (f) => `module${f % 23}::function_${f.toString(36)}`;
  const seen = new Set();
  const stacks = [];
  while (seen.size < nodes) {
    const stack = [];
    let path = "";
    let f = 0;
    for (let depth = 0; depth < 60 && (depth < 3 || rnd() > 0.045); depth++) {
      f = callees[f][Math.floor(rnd() ** 2.6 * callees[f].length)];
      stack.push(name(f));
      path += `;${f}`;
      seen.add(path);
    }
    stacks.push([stack, 1e7]);
  }
  return encode(stacks);
}

const MS = 1e6;
const HEAD = ["__libc_start_call_main", "main", "MHD_start_daemon", "worker_run", "serve_request"];

/** What one second of the mixed load costs, in ms of CPU, by endpoint. */
const CPU = {
  "/api/primes_slow": [
    [["handle_primes_slow", "compute_primes_slow", "is_prime_slow"], 62],
    [["handle_primes_slow", "compute_primes_slow"], 4.6],
    [["handle_primes_slow", "render_json", "json_number"], 1.1],
    [["handle_primes_slow", "render_json", "__vfprintf_internal"], 0.9]],
  "/api/primes_fast": [
    [["handle_primes_fast", "compute_primes_fast"], 2.3],
    [["handle_primes_fast", "compute_primes_fast", "__memset_avx2_unaligned_erms"], 0.7],
    [["handle_primes_fast", "render_json", "json_number"], 1.4]],
  "/api/hash": [
    [["handle_hash", "compute_hash", "hash_rounds"], 11.8],
    [["handle_hash", "compute_hash"], 0.7],
    [["handle_hash", "render_json", "json_string"], 0.5]],
  "/api/hash_cached": [
    [["handle_hash_cached", "cache_lookup", "__strcmp_avx2"], 0.35],
    [["handle_hash_cached", "cache_lookup"], 0.3],
    [["handle_hash_cached", "compute_hash", "hash_rounds"], 0.4]],
  "/api/slow_io": [
    [["handle_slow_io", "simulate_io", "__clock_nanosleep"], 0.3],
    [["handle_slow_io", "render_json"], 0.2]],
};
const BESIDE = [
  [["__libc_start_call_main", "main", "MHD_start_daemon", "MHD_epoll", "epoll_wait", "do_syscall_64", "ep_poll"], 1.4],
  [["__libc_start_call_main", "main", "MHD_start_daemon", "MHD_epoll", "MHD_handle_connection", "recv", "do_syscall_64", "tcp_recvmsg"], 1.1],
  [["__libc_start_call_main", "main", "MHD_start_daemon", "MHD_epoll", "MHD_handle_connection", "_int_malloc"], 0.6],
  [["__libc_start_call_main", "main", "MHD_start_daemon", "MHD_epoll", "MHD_handle_connection", "send", "do_syscall_64", "tcp_sendmsg"], 1.3],
  [["start_thread", "libgcc_s.so.1+0x1f20"], 0.1],
];
const WALL = [
  [["__libc_start_call_main", "main", "wait_for_work", "pthread_cond_wait", "futex_wait"], 5200],
  [[...HEAD, "handle_slow_io", "simulate_io", "__clock_nanosleep"], 2100],
  [[...HEAD, "handle_primes_slow", "compute_primes_slow", "is_prime_slow"], 66],
  [[...HEAD, "handle_hash", "compute_hash", "hash_rounds"], 12],
];

/** Stacks with what they cost in one second. @param {(endpoint: string) => boolean} keep @param {boolean} wall */
export function costs(keep, wall) {
  if (wall) return WALL;
  const out = [];
  for (const [endpoint, stacks] of Object.entries(CPU)) {
    if (keep(endpoint)) out.push(...stacks.map(([tail, ms]) => [[...HEAD, ...tail], ms]));
  }
  return keep("") ? [...out, ...BESIDE] : out;
}

export const ENDPOINTS = Object.keys(CPU);
export const NS_PER_MS = MS;

/** Names a hostile binary might carry. */
export const HOSTILE = [
  "<img src=x onerror=alert(1)>", "\"><script>document.title='owned'</script>", "\u202egnp.exe", "",
  "x".repeat(10000), "\u0000\u001b[31mred\u0007", "'; DROP TABLE frames; --", "日本語の関数名", "👩‍💻👨‍👩‍👧‍👦", "a\nb\tc",
  "std::vector<std::pair<int, std::map<std::string, std::unique_ptr<foo::bar<baz>>>>>::emplace_back(int&&)",
];

/**
 * Two lots of stacks to the wire's double flame graph.
 * @param {[string[], number][]} left root first
 * @param {[string[], number][]} right
 */
export function encodeDouble(left, right) {
  const root = { kids: new Map(), name: "total", total: [0, 0], self: [0, 0] };
  [left, right].forEach((stacks, side) => stacks.forEach(([stack, v]) => {
    let at = root;
    root.total[side] += v;
    for (const name of stack) {
      if (!at.kids.has(name)) at.kids.set(name, { kids: new Map(), name, total: [0, 0], self: [0, 0] });
      at = at.kids.get(name);
      at.total[side] += v;
    }
    at.self[side] += v;
  }));
  const names = ["total"];
  const levels = [];
  const id = (name) => (names.includes(name) ? names.indexOf(name) : names.push(name) - 1);
  for (let row = [{ node: root, x: [0, 0] }]; row.length;) {
    const next = [];
    const end = [0, 0];
    levels.push(row.flatMap(({ node, x }) => {
      const values = [0, 1].flatMap((s) => [x[s] - end[s], node.total[s], node.self[s]]);
      [0, 1].forEach((s) => (end[s] = x[s] + node.total[s]));
      const at = [x[0] + node.self[0], x[1] + node.self[1]];
      for (const kid of [...node.kids.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        next.push({ node: kid, x: [...at] });
        [0, 1].forEach((s) => (at[s] += kid.total[s]));
      }
      return [...values, id(node.name)];
    }));
    row = next;
  }
  return { names, levels, numTicks: root.total[0] + root.total[1], leftTicks: root.total[0], rightTicks: root.total[1] };
}

/** Stacks as pprof, one location a function; values of up to four bytes. @param {[string[], number][]} stacks root first */
export function encodePprof(stacks) {
  const varint = (v) => (v < 128 ? [v] : [(v % 128) + 128, ...varint(Math.floor(v / 128))]);
  const field = (n, body) => [n * 8 + 2, ...varint(body.length), ...body];
  const number = (n, v) => [n * 8, ...varint(v)];
  const names = [...new Set(stacks.flatMap(([s]) => s))];
  const id = (name) => names.indexOf(name) + 1;
  return Buffer.from([
    field(1, [...number(1, 1), ...number(2, 2)]),
    ...stacks.map(([s, v]) => field(2, [...field(1, s.toReversed().flatMap((n) => varint(id(n)))), ...field(2, varint(v))])),
    ...names.flatMap((n) => [field(4, [...number(1, id(n)), ...field(4, number(1, id(n)))]), field(5, [...number(1, id(n)), ...number(2, id(n) + 2)])]),
    ...["", "cpu", "nanoseconds", ...names].map((text) => field(6, [...new TextEncoder().encode(text)])),
  ].flat());
}
