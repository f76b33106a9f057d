/**
 * The sentences behind the numbers: what each fact on the page means.
 */

export const WHY = {
  samples: "How many times a stack was noted. Everything else on this page is worked out from these.",
  cores: "CPU seconds per second: 1.0 is one core fully busy. Threads add up, so it can exceed the length of the range.",
  error: "Sampling is a poll: a share of 50 % is known to within this many points, 19 times out of 20. Four times the samples halve it.",
  lost: "Samples or profiles that were dropped on their way, added up from the server's own counters since it started.",
  unresolved: "Share of samples whose innermost function has no name: no symbols were found for its address.",
  other: "The server merges the smallest frames into “other” to keep the picture small. Nothing is lost; ask for more nodes to see them.",
};

/** "profile:sample type" -> how it is measured. */
const HOW = {
  "process_cpu:cpu": "A timer interrupts each thread after every 10 ms of CPU time it has used, and notes its stack: only running threads are seen.",
  "process_cpu:samples": "The bare count of stacks noted by the CPU timer, one for each 10 ms of CPU time or part of it.",
  "wall:wall": "Each thread's stack is noted at fixed intervals of real time, whether it runs or waits.",
  "memory:alloc_space": "A random sample of allocations, weighted so that the sum estimates all bytes allocated, freed or not.",
  "memory:alloc_objects": "A random sample of allocations, weighted so that the sum estimates how many there were.",
  "memory:inuse_space": "Sampled allocations that have not been freed yet; less than the process's memory, which also holds code, stacks and free lists.",
  "memory:inuse_objects": "Sampled objects that have not been freed yet.",
  "mutex:delay": "Time that threads spent waiting to take a mutex.",
  "mutex:contentions": "How often a thread had to wait to take a mutex.",
  "block:delay": "Time that threads spent blocked.",
  "offcpu:offcpu": "Time between a thread leaving a CPU and getting one again.",
};

/** How a profile type is measured, one sentence. @param {string} id */
export function howMeasured(id) {
  return HOW[id.split(":").slice(0, 2).join(":")] ?? `Profile type ${id}, as its sender named it.`;
}
