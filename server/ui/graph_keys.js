/**
 * The keys of the focused flame graph: the arrows move between frames, and
 * what the frame says is spoken.
 */
import { share, shown } from "./format.js";
import { heaviestChild, nameOf, neighbour, parentOf } from "./layout.js";

/** @typedef {import("./flamebearer.js").Node} Node */

const ROOT = { level: 0, index: 0 };

/** "main, 79.0 % total, 3.0 % self, depth 3, 1 of 4 siblings" */
function spoken(profile, node) {
  const level = profile.levels[node.level];
  const parent = level.parent[node.index];
  const family = node.level ? profile.levels[node.level - 1].first : [0, 1];
  const from = node.level ? family[parent] : 0;
  const siblings = node.level ? family[parent + 1] - from : 1;
  return `${shown(nameOf(profile, node), 120)}, ${share(level.total[node.index] / profile.total)} total, `
    + `${share(level.self[node.index] / profile.total)} self, depth ${node.level}, ${node.index - from + 1} of ${siblings} siblings`;
}

/** Moves the keys' frame, and says what it is. @param {object} graph @param {Node|null} node */
export function focusFrame(graph, node) {
  if (!node) return;
  graph.focusNode = node;
  graph.live.textContent = spoken(graph.props.profile, node);
  graph.emit("fk-hover", { node, crowd: 1, keyboard: true, ...graph.cornerOf(node) });
}

/** @param {object} graph an <fk-flamegraph> @param {KeyboardEvent} e */
export function graphKey(graph, e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const { profile, zoom, flame } = graph.props;
  if (!profile?.nodes) return;
  const at = graph.focusNode;
  const [outward, inward] = flame ? ["ArrowDown", "ArrowUp"] : ["ArrowUp", "ArrowDown"];
  const acts = {
    ArrowLeft: () => focusFrame(graph, neighbour(profile, at, -1, graph.view)),
    ArrowRight: () => focusFrame(graph, neighbour(profile, at, 1, graph.view)),
    [outward]: () => focusFrame(graph, parentOf(profile, at)),
    [inward]: () => focusFrame(graph, heaviestChild(profile, at)),
    Enter: () => graph.zoomOrBack(at),
    "+": () => graph.emit("fk-zoom", { node: at }),
    "-": () => graph.emit("fk-zoom", { node: parentOf(profile, zoom) ?? ROOT }),
    " ": () => graph.emit("fk-pin", { node: at }),
    m: () => graph.emit("fk-menu", { node: at, ...graph.cornerOf(at) }),
  };
  if (!acts[e.key] || (e.shiftKey && e.key.startsWith("Arrow"))) return;
  e.preventDefault();
  e.stopPropagation();
  acts[e.key]();
}

addEventListener("keydown", (e) => {
  const graph = e.target instanceof Element && e.target.closest("fk-flamegraph");
  if (graph) graphKey(graph, e);
}, true);
