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

const end = Date.now() + 1000 * (process.argv[2] || 60);
async function stop() {
  await Pyroscope.stop();
  process.exit(0);
}
function round() {
  fast_function();
  slow_function();
  if (Date.now() < end) setImmediate(round);
  else setTimeout(stop, 1000); // an upload that is due comes first
}
round();
