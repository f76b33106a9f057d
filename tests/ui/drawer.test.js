/** Stories on the exercise drawer and the page of the exercises. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { blocks, inline, sections } from "../../server/ui/prose.js";
import { clickFrame, closeBrowser, frames, story, until } from "./browser.js";

after(closeBrowser);

const drawer = (page) => page.locator("aside.drawer");
const acts = (fake) => fake.world.requests.filter((r) => r.method === "POST" && r.path.startsWith("/api/kit/exercises")).map((r) => JSON.parse(r.body));

test("the little Markdown of exercises", () => {
  assert.deepEqual(blocks("a\nb\n\n1. one\n   more,\n2. two\n\n- x\n\n```sh\ncode  *\n```\nend"), [
    { kind: "p", text: "a b" }, { kind: "ol", items: ["one more,", "two"] }, { kind: "ul", items: ["x"] },
    { kind: "code", text: "code  *" }, { kind: "p", text: "end" }]);
  assert.deepEqual(sections("# T\n\nx\n## 1 Story\n\nonce\n## 10 Do it\n").map((s) => s.title), ["Story", "Do it"]);
  assert.deepEqual(inline("a `b*c*` *d* **e** [f](http) <b>"), [
    { kind: "text", text: "a " }, { kind: "code", text: "b*c*" }, { kind: "text", text: " " }, { kind: "em", text: "d" },
    { kind: "text", text: " " }, { kind: "strong", text: "e" }, { kind: "text", text: " " }, { kind: "text", text: "f" }, { kind: "text", text: " <b>" }]);
  assert.deepEqual(blocks(""), []);
  assert.deepEqual(blocks("```\nnever closed"), []);
});

story("the list leads into an exercise; the picture waits for the prediction", {}, async ({ page, fake, open }) => {
  await open("/workshop");
  await page.locator(".exercises li", { hasText: "07.2 Find the hot function" }).waitFor();
  await page.locator(".note", { hasText: "1 of 2 exercises solved." }).waitFor();
  await page.getByRole("button", { name: "Go on: 07.2 Find the hot function" }).click();
  await drawer(page).getByRole("heading", { name: "07.2 Find the hot function" }).waitFor();
  await page.locator(".cover").waitFor();
  await drawer(page).locator(".verdict", { hasText: "Begin with your prediction: step 2." }).waitFor();
  assert.equal(await page.locator(".stage").isVisible(), false);
  assert.equal(await page.locator("pre").count(), 0, "what buttons do is not shown as a command");
  await drawer(page).getByLabel("Your prediction").fill("40");
  await drawer(page).getByRole("button", { name: "Predict" }).click();
  await page.locator(".stage").waitFor();
  assert.equal(await page.locator(".cover").count(), 0);
  assert.deepEqual(acts(fake), [{ act: "predict", value: "40" }]);
  await drawer(page).locator(".guess", { hasText: "You predicted 40." }).waitFor();
  await page.goBack();
  await page.locator(".exercises").waitFor();
});

story("a load, a frame as the answer, a choice: solved", {}, async ({ page, fake, open }) => {
  fake.world.exercise.prediction.guess = "40";
  await open("/?ex=07.2");
  await drawer(page).locator(".verdict.not-yet", { hasText: "no load was played in this run: press “Play the load”." }).waitFor();
  await drawer(page).locator("details[data-step=Do] li", { hasText: "click it to zoom." }).waitFor();
  const order = await drawer(page).locator("details[data-step=Do]").evaluate((d) => [...d.children].map((c) => c.tagName));
  assert.deepEqual(order, ["SUMMARY", "BUTTON", "OL"], "the button is where the command was");
  await drawer(page).getByRole("button", { name: "Play the load" }).click();
  await drawer(page).locator(".findings li.pass", { hasText: "data 1 of 1 lines as they should be" }).waitFor();
  await drawer(page).getByRole("img", { name: "Measured 71.2 %, guess 40" }).waitFor();
  await frames(page);
  await clickFrame(page, "is_prime_slow", { modifiers: ["Shift"] });
  await drawer(page).getByRole("button", { name: "use is_prime_slow" }).click();
  await drawer(page).locator(".judged.pass", { hasText: "is_prime_slow: right" }).waitFor();
  await drawer(page).getByLabel("It is called most often").check();
  await drawer(page).locator(".judged.not-yet", { hasText: "a: not that one" }).waitFor();
  await drawer(page).getByLabel("One call costs more").check();
  await drawer(page).locator(".verdict.pass", { hasText: "A wide frame tells you where to look." }).waitFor();
  assert.deepEqual(acts(fake).map((a) => a.act), ["run", "answer", "answer", "answer"]);
});

story("the verdict is live, hints come one by one, and the drawer goes along", {}, async ({ page, fake, open }) => {
  fake.world.exercise.prediction.guess = "main";
  await open("/workshop/07.2");
  await drawer(page).locator(".verdict.not-yet").waitFor();
  await drawer(page).getByRole("button", { name: "Hint 1 of 2" }).click();
  await drawer(page).locator(".hint-text code", { hasText: "wide" }).waitFor();
  await drawer(page).getByRole("button", { name: "Hint 2 of 2" }).click();
  await drawer(page).getByRole("button", { name: "No more hints" }).waitFor();
  const field = drawer(page).getByLabel("Which function has the largest SELF time?");
  await field.fill("half an ans");
  fake.world.exercise.played = true;
  await drawer(page).locator(".findings li.pass").waitFor();
  assert.equal(await field.inputValue(), "half an ans", "what is being typed stays");
  await page.getByRole("link", { name: "Diff", exact: true }).click();
  await page.locator(".compare").waitFor();
  await drawer(page).getByRole("button", { name: "Close" }).click();
  await drawer(page).waitFor({ state: "hidden" });
  assert.equal(new URL(page.url()).searchParams.get("ex"), null);
});

story("what is asked of a kit at work waits its turn", {}, async ({ page, fake, open }) => {
  fake.world.exercise.prediction.guess = "main";
  fake.world.exercise.played = true;
  await open("/workshop/07.2");
  await drawer(page).locator(".verdict.not-yet").waitFor();
  fake.world.kitHeld = true;
  await drawer(page).getByRole("button", { name: "Hint 1 of 2" }).click();
  await until(() => acts(fake).length === 1, "the hint is asked for");
  await drawer(page).getByLabel("One call costs more").check();
  await drawer(page).locator(".note", { hasText: "The kit is at work" }).waitFor();
  fake.world.kitHeld = false;
  await drawer(page).locator(".hint-text code", { hasText: "wide" }).waitFor();
  await drawer(page).locator(".judged.pass", { hasText: "b: right" }).waitFor();
  assert.deepEqual(acts(fake).map((a) => a.act), ["hint", "answer"]);
  await until(async () => await drawer(page).locator(".note").first().textContent() === "", "nothing waits any more");
});

story("a kit that stays at work is told about", { expected: ["429"] }, async ({ page, fake, open }) => {
  fake.world.exercise.prediction.guess = "main";
  await page.clock.install();
  await open("/workshop/07.2");
  await drawer(page).locator(".verdict.not-yet").waitFor();
  fake.world.fail = (path) => (path.startsWith("/api/kit/exercises") ? { status: 429, message: "the kit is at work" } : null);
  await drawer(page).getByRole("button", { name: "Hint 1 of 2" }).click();
  const told = drawer(page).locator(".note", { hasText: "Not done" });
  await until(async () => {
    await page.clock.runFor(1000);
    return await told.count() === 1;
  }, "it gives up aloud");
});

story("a prediction that names a function marks it", {}, async ({ page, open }) => {
  await open("/?ex=07.2");
  await page.locator(".cover").waitFor();
  await drawer(page).getByLabel("Your prediction").fill("compute_hash");
  await drawer(page).getByLabel("Your prediction").press("Enter");
  await until(() => new URL(page.url()).searchParams.get("fn") === "compute_hash", "the guess is marked");
});

story("without a prediction the picture can be had, too", {}, async ({ page, open }) => {
  await open("/?ex=07.2");
  await page.getByRole("button", { name: "Show it anyway" }).click();
  await page.locator(".stage").waitFor();
});

story("a server without the kit says where the exercises are", { expected: ["404"] }, async ({ page, fake, open }) => {
  fake.world.exercise = null;
  fake.world.fail = (path) => (path.startsWith("/api/kit/exercises") ? { status: 404, message: "this server was not started by `flamekit up`" } : null);
  await open("/workshop");
  await page.locator(".workshop .note", { hasText: "was not started by" }).waitFor();
  await open("/?ex=07.2");
  await drawer(page).locator(".note", { hasText: "was not started by" }).waitFor();
  await page.locator(".stage").waitFor();
});
