const Pyroscope = require("@pyroscope/nodejs");

Pyroscope.init({
  appName: "simple.nodejs.app",
  serverAddress: process.env.PYROSCOPE_SERVER_ADDRESS || "http://localhost:4040",
  tags: { env: "workshop" },
  flushIntervalMs: 10000,
  wall: { collectCpuTime: true },
});
Pyroscope.start();

function work(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.sqrt(i);
  return sum;
}

function fast_function() {
  Pyroscope.wrapWithLabels({ function: "fast" }, () => work(5e6));
}

function slow_function() {
  Pyroscope.wrapWithLabels({ function: "slow" }, () => work(20e6));
}

// An upload that was due when stop() was called finds the profiler stopped;
// stop() has sent everything.
process.on("unhandledRejection", (error) => {
  if (error.message !== "Wall profiler is not started") throw error;
});

const end = Date.now() + 1000 * (process.argv[2] || 60);
function round() {
  fast_function();
  slow_function();
  if (Date.now() < end) setImmediate(round);
  else Pyroscope.stop().then(() => process.exit(0));
}
round();
