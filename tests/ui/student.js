/**
 * What a student does in the exercise drawer: predict, answer, choose, and
 * wait for the verdict. Nothing here asks the kit but through the page.
 */
import { until } from "./browser.js";

/** Judging takes as long as the kit's look at all profiles of the run. */
const JUDGED_MS = 60e3;

/** The kit answers one question at a time; a drawer that came too early asks again. */
export const ASKED_AGAIN = ["429 (Too Many Requests)"];

const drawer = (page) => page.locator("aside.drawer");

/** Opens a page beside the drawer of an exercise once all data has come, with a guess when none was made yet. */
export async function openExercise({ page, open }, ex, path, guess) {
  await open(`${path}${path.includes("?") ? "&" : "?"}ex=${ex}`);
  await drawer(page).locator(".verdict:not(:empty):not(.more-data)").waitFor({ timeout: JUDGED_MS });
  const field = drawer(page).getByLabel("Your prediction");
  if (await field.count() === 0) return;
  await field.evaluate((el) => {
    el.closest("details").open = true;
  });
  await field.fill(guess);
  await drawer(page).getByRole("button", { name: "Predict", exact: true }).click();
  await drawer(page).locator(".guess", { hasText: `You predicted ${guess}` }).waitFor({ timeout: JUDGED_MS });
}

const isPass = async (place) => /\bpass\b/.test(await place.getAttribute("class"));

/** Right, also when the last profiles are still on their way. */
async function judged(question) {
  const said = question.locator(".judged");
  await until(() => isPass(said), "the answer is right", { ms: JUDGED_MS, left: () => said.textContent() });
}

/** Writes an answer into the field under a question's words. */
export async function answer(page, words, value) {
  const question = drawer(page).locator("div.question", { hasText: words });
  await question.locator("input").fill(String(value));
  await question.getByRole("button", { name: "Answer" }).click();
  await judged(question);
}

/** Chooses one of the offered answers by its words. */
export async function choose(page, words) {
  const question = drawer(page).locator("fieldset.question", { hasText: words });
  await question.getByLabel(words).check();
  await judged(question);
}

/** The verdict of the drawer; what is still missing is named. */
export async function passed(page) {
  const verdict = drawer(page).locator(".verdict");
  const left = () => drawer(page).locator(".findings li:not(.pass), .judged:not(.pass)").allTextContents();
  await until(() => isPass(verdict), "the drawer says PASS", { ms: JUDGED_MS, left });
}
