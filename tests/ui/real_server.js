/**
 * The server itself, from FK_BUILD (build/release), on a port of its own with
 * an empty store that goes away with it.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = join(ROOT, process.env.FK_BUILD ?? "build/release", "bin/flamekit-server");
const READY_MS = 10000;

/** The address of the line "ready http://...". */
function ready(child) {
  return new Promise((found, failed) => {
    let said = "";
    const late = setTimeout(() => failed(new Error(`the server did not get ready: ${said}`)), READY_MS);
    const hear = (data) => {
      said += data;
      const m = /^ready (http:\/\/\S+)/m.exec(said);
      if (!m) return;
      clearTimeout(late);
      found(m[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
}

/** @returns {Promise<{url: string, close: () => Promise<void>, missing?: string}>} */
export async function startReal() {
  if (!existsSync(PROGRAM)) return { missing: `${PROGRAM} is not built` };
  const data = mkdtempSync(join(tmpdir(), "flamekit-ui-"));
  const child = spawn(PROGRAM, ["--listen", "127.0.0.1:0", "--data", data, "--run", "r-00000001"]);
  const url = await ready(child);
  return {
    url,
    close: () => new Promise((closed) => {
      child.removeAllListeners("exit");
      child.once("exit", () => {
        rmSync(data, { recursive: true, force: true });
        closed();
      });
      child.kill("SIGTERM");
    }),
  };
}

/** Sends stacks of the last seconds: lines "a;b 12", 100 samples a second. */
export async function ingest(url, service, tags, lines) {
  const now = Math.floor(Date.now() / 1000);
  const p = new URLSearchParams({ name: `${service}.cpu{${tags}}`, from: String(now - 20), until: String(now - 10), format: "folded", sampleRate: "100" });
  const response = await fetch(`${url}/ingest?${p}`, { method: "POST", body: lines.join("\n") });
  if (!response.ok) throw new Error(`ingest: ${response.status} ${await response.text()}`);
}
