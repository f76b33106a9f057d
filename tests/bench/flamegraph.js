/**
 * Frame time of the flame graph beside a plain canvas that fills one
 * rectangle a node, and beside d3-flame-graph, in the same browser and run.
 * Prints: bench NAME VALUE UNIT goal GOAL ok|short
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const tools = (name) => fileURLToPath(new URL(`../ui/node_modules/${name}`, import.meta.url));
if (!existsSync(tools("d3-flame-graph"))) {
  process.stderr.write("SKIP flamegraph bench: run sh tests/ui/install.sh bench first\n");
  process.exit(process.env.CI ? 1 : 0);
}
process.env.FK_BUILD ??= "build/release"; // the page as it is served
const { closeBrowser, frames, launch } = await import("../ui/browser.js");
const { randomGraph, startFake } = await import("../ui/fake_server.js");

const GOAL_MS = { 1: 8, 2: 16 };
const GOAL_RATIO = 0.25;
const GOAL_GROWTH = 1.3;
/** All sizes take turns, so that what else the machine does hits them alike. */
const TURNS = 6;
const ROUNDS = 8;
const D3_ROUNDS = 3;
/** In the order they need each other. */
const D3 = ["d3-array", "d3-color", "d3-dispatch", "d3-ease", "d3-interpolate", "d3-format", "d3-time", "d3-time-format", "d3-timer",
  "d3-selection", "d3-hierarchy", "d3-scale", "d3-transition"].map((name) => `${name}/dist/${name}.min.js`);
const SIZES = [["16k", 16384], ["100k", 100000], ["1m", 1000000]];

function report(name, value, unit, goal) {
  process.stdout.write(`bench ${name} ${value.toFixed(3)} ${unit} goal ${goal} ${value <= goal ? "ok" : "short"}\n`);
}

/** Runs in the page: the fastest of some redraws of ours, and one of a rectangle a node. */
function measure(graph, rounds) {
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
  const time = (draw, times) => Math.min(...Array.from({ length: times }, () => {
    const begun = performance.now();
    draw();
    return performance.now() - begun;
  }));
  return { ours: time(ours, rounds), plain: time(plain, 1) };
}

/** The wire's flame graph as d3's tree of objects. Runs in the page. */
function drawD3({ fb, rounds, leastPx }) {
  let above = null;
  let root = null;
  for (const values of fb.levels) {
    let [x, p] = [0, 0];
    const row = [];
    for (let i = 0; i < values.length; i += 4) {
      const node = { name: fb.names[values[i + 3]], value: values[i + 1], children: [], from: x + values[i] };
      x = node.from + node.value;
      while (above && above[p].from + above[p].value <= node.from) p++;
      if (above) above[p].children.push(node);
      row.push(node);
    }
    root ??= row[0];
    above = row;
  }
  const place = document.createElement("div");
  document.body.replaceChildren(place);
  const chart = window.flamegraph.default().width(1440).cellHeight(20).transitionDuration(0).minFrameSize(leastPx);
  window.d3.select(place).datum(root).call(chart);
  return Math.min(...Array.from({ length: rounds }, () => {
    const begun = performance.now();
    chart.update();
    place.getBoundingClientRect();
    return performance.now() - begun;
  }));
}

/** A page with a graph, and the fastest frames seen on it so far. */
async function openGraph(browser, graph, deviceScaleFactor) {
  const fake = await startFake({ graph });
  const page = await browser.newPage({ viewport: { width: 1440, height: 1200 }, deviceScaleFactor });
  page.setDefaultTimeout(120e3);
  await page.goto(`${fake.url}/?view=graph&query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="workshop.demo.app"}`);
  await frames(page);
  const best = { ours: Infinity, plain: Infinity };
  return { best,
    async turn() {
      await page.bringToFront();
      const found = await page.locator("fk-flamegraph").evaluate(measure, ROUNDS);
      for (const key in best) best[key] = Math.min(best[key], found[key]);
    },
    async close() {
      await page.close();
      await fake.close();
    } };
}

/** d3 draws five elements a node: from 100k on it leaves out what is narrower than a pixel, which ours does not. */
async function d3Frame(browser, graph, leastPx) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1200 } });
  for (const file of [...D3, "d3-flame-graph/dist/d3-flamegraph.umd.min.js"]) await page.addScriptTag({ path: tools(file) });
  const ms = await page.evaluate(drawD3, { fb: graph, rounds: D3_ROUNDS, leastPx });
  await page.close();
  return ms;
}

const browser = await launch();
const graphs = Object.fromEntries(SIZES.map(([name, nodes]) => [name, randomGraph(nodes)]));
for (const [ratio, suffix] of [[1, ""], [2, "_dense"]]) {
  const open = [];
  for (const name in graphs) open.push([name, await openGraph(browser, graphs[name], ratio)]);
  for (let turn = 0; turn < TURNS; turn++) for (const [, page] of open) await page.turn();
  for (const [name, { best }] of open) {
    report(`flamegraph_frame_${name}${suffix}`, best.ours, "ms", GOAL_MS[ratio]);
    report(`flamegraph_ratio_${name}${suffix}`, best.ours / best.plain, "x", GOAL_RATIO);
  }
  const fastest = (name) => open.find(([n]) => n === name)[1].best.ours;
  report(`flamegraph_growth_100k_to_1m${suffix}`, fastest("1m") / fastest("100k"), "x", GOAL_GROWTH);
  for (const [name, page] of open) {
    await page.close();
    if (ratio > 1) continue;
    const d3 = await d3Frame(browser, graphs[name], name === "16k" ? 0 : 1);
    process.stdout.write(`# d3-flame-graph draws ${name} in ${d3.toFixed(0)} ms\n`);
    report(`flamegraph_beside_d3_${name}`, page.best.ours / d3, "x", GOAL_RATIO);
  }
}
await closeBrowser();
