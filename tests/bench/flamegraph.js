/**
 * Frame time of the flame graph beside a plain canvas that fills one
 * rectangle a node, in the same browser and run.
 * Prints: bench NAME VALUE UNIT goal GOAL ok|short
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tools = fileURLToPath(new URL("../ui/node_modules/playwright-core", import.meta.url));
if (!existsSync(tools)) {
  process.stderr.write("SKIP flamegraph bench: run sh tests/ui/install.sh first\n");
  process.exit(process.env.CI ? 1 : 0);
}
const { closeBrowser, frames, launch } = await import("../ui/browser.js");
const { randomGraph, startFake } = await import("../ui/fake_server.js");

const GOAL_MS = 16;
const GOAL_RATIO = 0.25;
const ROUNDS = 25;

function report(name, value, unit, goal) {
  process.stdout.write(`bench ${name} ${value.toFixed(3)} ${unit} goal ${goal} ${value <= goal ? "ok" : "short"}\n`);
}

/** Runs in the page: medians of redrawing the same picture both ways. */
function measure(graph, rounds) {
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
  const { profile } = graph.props;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [graph.picture.width, graph.picture.height];
  const context = canvas.getContext("2d", { alpha: false });
  const rowHeight = graph.rowPx;
  const scale = canvas.width / profile.total;
  const colors = Array.from(graph.palette.full, (v) => `rgb(${v & 255} ${(v >> 8) & 255} ${(v >> 16) & 255})`);
  const plain = () => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.font = graph.painter.context.font;
    profile.levels.forEach((level, l) => {
      const y = l * rowHeight;
      if (y > canvas.height) return;
      for (let i = 0; i < level.name.length; i++) {
        const width = level.total[i] * scale;
        context.fillStyle = colors[level.name[i]];
        context.fillRect(level.start[i] * scale, y, width, rowHeight - 1);
        if (width < 30) continue;
        context.fillStyle = "#1a1613";
        const room = Math.floor((width - 10) / 7.3);
        context.fillText(profile.names[level.name[i]].slice(0, room), level.start[i] * scale + 5, y + 15);
      }
    });
    // Reading a pixel waits until the drawing has really happened.
    context.getImageData(0, 0, 1, 1);
  };
  const ours = () => {
    graph.update(graph.props);
    graph.painter.context.getImageData(0, 0, 1, 1);
  };
  const time = (draw) => median(Array.from({ length: rounds }, () => {
    const begun = performance.now();
    draw();
    return performance.now() - begun;
  }));
  time(ours);
  time(plain);
  return { ours: time(ours), plain: time(plain), nodes: profile.nodes };
}

const browser = await launch();
for (const [name, nodes] of [["16k", 16384], ["100k", 100000]]) {
  const fake = await startFake({ graph: randomGraph(nodes) });
  const page = await browser.newPage({ viewport: { width: 1440, height: 1200 } });
  await page.goto(`${fake.url}/?view=graph&query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="workshop.demo.app"}`);
  await frames(page);
  const found = await page.locator("fk-flamegraph").evaluate(measure, ROUNDS);
  report(`flamegraph_frame_${name}`, found.ours, "ms", GOAL_MS);
  report(`flamegraph_ratio_${name}`, found.ours / found.plain, "x", GOAL_RATIO);
  await page.close();
  await fake.close();
}
await closeBrowser();
