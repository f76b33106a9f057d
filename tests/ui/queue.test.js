/** In which order parts are drawn when many ask at a time. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { closeBrowser, frames, story } from "./browser.js";

after(closeBrowser);

/** Runs in the page: who was drawn in which frame, after all have asked in the order of their names. */
async function drawn() {
  const { Part } = await import(document.querySelector("script[type=module]").src.replace(/\w+\.js$/, "dom.js"));
  let [order, frame] = [[], 0];
  const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end;); };
  class Slow extends Part {
    update() {
      busy(20);
      order.push([this.id, frame]);
    }
  }
  class Urgent extends Slow { get urgent() { return true; } }
  class Moving extends Slow { get moving() { return this.id === "moving" && frame < 3; } }
  const parts = Object.entries({ a: Slow, b: Slow, moving: Moving, tip: Urgent }).map(([id, kind]) => {
    const name = `x-${id}`;
    customElements.define(name, class extends kind {});
    return document.body.appendChild(Object.assign(document.createElement(name), { id }));
  });
  const next = () => new Promise(requestAnimationFrame);
  const settle = async (ask) => {
    [order, frame] = [[], 0];
    for (const part of ask) part.invalidate();
    for (; frame < 9; frame++) await next();
    return order;
  };
  await settle(parts);
  const [a, b, moving, tip] = parts;
  const still = await settle([a, b, tip]);
  return { still, moved: await settle([a, tip, moving]) };
}

story("what follows the pointer is drawn first, what moves keeps the others waiting", {}, async ({ page, open }) => {
  await open();
  await frames(page);
  const { still, moved } = await page.evaluate(drawn);
  assert.deepEqual(still.map(([id]) => id), ["tip", "a", "b"]);
  assert.equal(new Set(still.map(([, frame]) => frame)).size, 3, "none waits for another in one frame");
  assert.deepEqual(moved.map(([id]) => id), ["tip", "moving", "a"]);
});
