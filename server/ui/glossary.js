/**
 * The words of the page, one sentence each: [id, word, sentence]. Data only.
 */

export const GLOSSARY = [
  ["samples", "Sample", "One look at a thread: the stack of functions it was in at that moment. A profile is many of them added up."],
  ["stack", "Stack", "The chain of calls from the thread's beginning to the function that runs; each function was called by the one before."],
  ["frame", "Frame", "One function on a stack; in the picture one rectangle. The same function in two places is two frames."],
  ["total", "Total", "All samples in which a function was on the stack, itself running or waiting for what it called. Recursion counts once."],
  ["self", "Self", "Samples in which the function itself was running: the part of its rectangle with nothing hanging below."],
  ["width", "Width", "A frame's share of all samples in the range. It is not a moment: the picture has no time axis."],
  ["order", "Left and right", "Mean nothing: callees are sorted by weight, or by name to compare pictures."],
  ["colour", "Colour", "A hint at where a function comes from: your code, a library, the kernel, waiting. Or by self time: the hotter the more of its own work."],
  ["cpu", "CPU profile", "Samples taken after each 10 ms of CPU time a thread has used. Who waits is not in it."],
  ["wall", "Wall profile", "Samples taken at fixed intervals of real time, of running and of waiting threads. Idle threads are as wide as busy ones."],
  ["cores", "Cores", "CPU seconds used per second. 0.5 means half of one core was busy; several threads can make more than 1."],
  ["error", "± points", "How far a share may be off because only samples were taken: with 95 of 100 such profiles the truth lies inside. Four times the samples halve it."],
  ["significant", "More than chance", "A difference so large that equal sides would show it in less than 1 of 100 profiles. Smaller ones stay grey."],
  ["modes", "Absolute, share, per request", "A busier side is larger in absolute numbers; shares hide the amount; per request compares what one request costs."],
  ["other", "“other”", "Small frames the server merged to keep the answer small. Zooming asks for them again."],
  ["unresolved", "Unresolved", "Samples whose innermost address has no name, mostly for want of symbols."],
  ["lost", "Lost", "Samples that were taken and never arrived: a full queue, a server that was away. Status says which."],
  ["phase", "Phase", "A stretch of a load plan with its own rate; a band in the timeline. Click one to select it, Shift-click another to compare."],
  ["sandwich", "Sandwich", "One function in the middle, all that calls it above, all it calls below, from everywhere it occurs."],
  ["fold", "Folding", "Counting a frame to its caller as if it had been inlined: libraries, the kernel, recursion. Totals of the rest stay the same."],
  ["icicle", "Icicle and flame", "The same picture with the root on top or at the bottom."],
  ["share", "Share", "A part of all samples of the range and the filters, in percent. A large share of little is little: see how many cores that is."],
  ["range", "Range", "The stretch of time whose samples are added up; a selection on the timeline narrows it without losing the window around it."],
  ["matched", "Matched", "Samples with at least one function of that name on their stack, each counted once; self: those that were running it."],
  ["clock", "Clocks", "The server's clock decides when a sample was taken; one that differs from yours by seconds would hide the newest data."],
  ["cost", "Cost of profiling", "CPU time the profiler itself takes, here as its share of the samples: what looking changes about what is looked at."],
  ["label", "Label", "A name and value sent with a profile, such as endpoint=/api/hash. Filters and the tag explorer work on them."],
];
