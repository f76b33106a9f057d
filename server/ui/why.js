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
