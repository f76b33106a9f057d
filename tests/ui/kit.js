/**
 * A whole kit as `make up` starts it: server, demo app and load, with a state
 * folder of its own that goes away with it.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FLAMEKIT = join(ROOT, "build/release/bin/flamekit");

/** Runs a verb; the exit status is an answer, not an error. */
function verb(state, ...args) {
  const env = { ...process.env, FLAMEKIT_STATE: state };
  for (const name of ["FLAMEKIT_RUN", "FLAMEKIT_SERVER", "FLAMEKIT_APP"]) delete env[name];
  return new Promise((done) => {
    execFile(FLAMEKIT, args, { env, cwd: ROOT }, (error, stdout, stderr) => {
      done({ status: error ? error.code : 0, text: stdout + stderr });
    });
  });
}

/** @returns {Promise<{url?: string, missing?: string, flamekit?: Function, load?: Function, close?: Function}>} */
export async function startKit() {
  if (!existsSync(FLAMEKIT)) return { missing: `${FLAMEKIT} is not built` };
  const state = join(mkdtempSync(join(tmpdir(), "flamekit-kit-")), "state");
  const up = await verb(state, "up");
  if (up.status) throw new Error(`flamekit up: ${up.text}`);
  const url = /^FLAMEKIT_SERVER=(.*)$/m.exec(readFileSync(join(state, "env"), "utf8"))[1];
  const children = [];
  return {
    url,
    flamekit: (...args) => verb(state, ...args),
    load: (...args) => {
      const env = { ...process.env, FLAMEKIT_STATE: state };
      children.push(spawn(FLAMEKIT, ["load", ...args], { env, cwd: ROOT, stdio: "ignore" }));
    },
    close: async () => {
      await verb(state, "down");
      for (const child of children) if (child.exitCode === null) child.kill();
      rmSync(join(state, ".."), { recursive: true, force: true });
    },
  };
}

/** The loads of scenario 07 in real time, the night beside the others. */
async function playAll(kit) {
  const days = async () => {
    for (const ex of ["07.4", "07.3"]) await kit.flamekit("run", ex);
  };
  await Promise.all([kit.flamekit("run", "07.5"), days()]);
}

/** A kit in which scenario 07 was played: its recording, or with FK_ROBOT=real the loads themselves. */
export async function startPlayed() {
  const kit = await startKit();
  if (kit.missing) return kit;
  if (process.env.FK_ROBOT === "real") {
    await playAll(kit);
    return kit;
  }
  const { status, text } = await kit.flamekit("replay", "07");
  if (status) {
    await kit.close();
    throw new Error(`flamekit replay 07: ${text}`);
  }
  return kit;
}
