/**
 * What the page says about profile types: names for buttons, what the unit
 * measures, and how it was measured.
 */

/**
 * @typedef {object} TypeInfo
 * @property {string} id
 * @property {string} label as on the buttons
 * @property {string} unit "nanoseconds", "bytes", "count"
 * @property {string} of what the unit measures: "CPU", "waiting or running"
 * @property {string} axis title of the timeline's axis
 * @property {string} how how it is measured, one sentence
 * @property {boolean} instant a level rather than something used up
 */

/** "profile:sample type" -> label, what it measures, axis, how. */
const KNOWN = {
  "process_cpu:cpu": ["CPU", "CPU", "cores",
    "A timer interrupts each thread after every 10 ms of CPU time it has used, and notes its stack: only running threads are seen."],
  "process_cpu:samples": ["CPU samples", "samples", "samples/s",
    "The bare count of stacks noted by the CPU timer, one for each 10 ms of CPU time or part of it."],
  "wall:wall": ["Wall", "waiting or running", "threads",
    "Each thread's stack is noted at fixed intervals of real time, whether it runs or waits."],
  "memory:alloc_space": ["Alloc", "allocated", "B/s",
    "A random sample of allocations, weighted so that the sum estimates all bytes allocated, freed or not."],
  "memory:alloc_objects": ["Alloc objects", "allocated", "objects/s",
    "A random sample of allocations, weighted so that the sum estimates how many there were."],
  "memory:inuse_space": ["In use", "in use", "bytes",
    "Sampled allocations that have not been freed yet; less than the process's memory, which also holds code, stacks and free lists."],
  "memory:inuse_objects": ["Objects in use", "in use", "objects", "Sampled objects that have not been freed yet."],
  "mutex:delay": ["Lock", "waiting for locks", "threads", "Time that threads spent waiting to take a mutex."],
  "mutex:contentions": ["Lock count", "contentions", "per s", "How often a thread had to wait to take a mutex."],
  "block:delay": ["Block", "blocked", "threads", "Time that threads spent blocked."],
  "offcpu:offcpu": ["Off CPU", "off the CPU", "threads", "Time between a thread leaving a CPU and getting one again."],
};
const INSTANT = /^(?:inuse_|live|goroutine)/;
/** Order of the buttons. */
const ORDER = Object.keys(KNOWN);

/** @param {string} id profile type ID @returns {TypeInfo} */
export function typeInfo(id) {
  const [name = "", sample = "", unit = "count"] = id.split(":");
  const known = KNOWN[`${name}:${sample}`];
  const [label, of, axis, how] = known ?? [
    name === sample || !sample ? name : `${name} ${sample}`.replaceAll("_", " "),
    sample.replaceAll("_", " "), unit === "nanoseconds" ? "s/s" : "per s",
    `Profile type ${id}, as its sender named it.`,
  ];
  return { id, label, unit, of, axis, how, instant: INSTANT.test(sample) };
}

/** Counts of samples belong to a time or size type. @param {string} id @param {string[]} all */
function isSibling(id, all) {
  const [name, sample, unit] = id.split(":");
  return unit === "count" && /^(?:cpu_)?samples$/.test(sample)
    && all.some((other) => other !== id && other.startsWith(`${name}:`));
}

/** The types to offer, best known first and mere counts of samples last. @param {string[]} types */
export function offeredTypes(types) {
  const rank = (id) => {
    const at = ORDER.indexOf(id.split(":").slice(0, 2).join(":"));
    return isSibling(id, types) ? ORDER.length + 1 : at < 0 ? ORDER.length : at;
  };
  return [...types].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).map(typeInfo);
}

/** The type that counts this type's samples, if the service sends it. @param {string} id @param {string[]} types */
export function samplesTypeOf(id, types) {
  const [name] = id.split(":");
  return types.find((t) => t.startsWith(`${name}:`) && isSibling(t, types)) ?? null;
}
