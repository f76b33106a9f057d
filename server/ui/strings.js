/**
 * What the page calls profile types: names for buttons, what the unit
 * measures. How they are measured says why.js.
 */

/**
 * @typedef {object} TypeInfo
 * @property {string} id
 * @property {string} label as on the buttons
 * @property {string} unit "nanoseconds", "bytes", "count"
 * @property {string} of what the unit measures: "CPU", "waiting or running"
 * @property {string} axis title of the timeline's axis
 * @property {boolean} instant a level rather than something used up
 */

/** "profile:sample type" -> label, what it measures, axis. */
const KNOWN = {
  "process_cpu:cpu": ["CPU", "CPU", "cores"],
  "process_cpu:samples": ["CPU samples", "samples", "samples/s"],
  "wall:wall": ["Wall", "waiting or running", "threads"],
  "memory:alloc_space": ["Alloc", "allocated", "B/s"],
  "memory:alloc_objects": ["Alloc objects", "allocated", "objects/s"],
  "memory:inuse_space": ["In use", "in use", "bytes"],
  "memory:inuse_objects": ["Objects in use", "in use", "objects"],
  "mutex:delay": ["Lock", "waiting for locks", "threads"],
  "mutex:contentions": ["Lock count", "contentions", "per s"],
  "block:delay": ["Block", "blocked", "threads"],
  "offcpu:offcpu": ["Off CPU", "off the CPU", "threads"],
};
const INSTANT = /^(?:inuse_|live|goroutine)/;
/** Order of the buttons. */
const ORDER = Object.keys(KNOWN);

/** @param {string} id profile type ID @returns {TypeInfo} */
export function typeInfo(id) {
  const [name = "", sample = "", unit = "count"] = id.split(":");
  const known = KNOWN[`${name}:${sample}`];
  const [label, of, axis] = known ?? [
    name === sample || !sample ? name : `${name} ${sample}`.replaceAll("_", " "),
    sample.replaceAll("_", " "), unit === "nanoseconds" ? "s/s" : "per s",
  ];
  return { id, label, unit, of, axis, instant: INSTANT.test(sample) };
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
