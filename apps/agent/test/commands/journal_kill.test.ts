/** kill -9 between any two touches of the disk: an order that was taken is never lost and never done twice. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isFinished } from "../../src/commands/journal.ts";
import { COMMAND, effectKinds, openRunner } from "./runner_kit.ts";

const PROCESS = join(import.meta.dirname, "kill_process.ts");
const AT_ONCE = 4;

interface Fate {
  output: string;
  killed: boolean;
}

const run = (folder: string, nth: number): Promise<Fate> =>
  new Promise((resolve) => {
    execFile(process.execPath, [PROCESS, folder, String(nth)], (error, output) => {
      resolve({ output, killed: error?.signal === "SIGKILL" });
    });
  });

function effects(folder: string): number {
  try {
    return readFileSync(join(folder, "effects"), "utf8").split("\n").filter(Boolean).length;
  } catch {
    return 0;
  }
}

async function check(nth: number): Promise<{ killed: boolean; done: boolean; outcome: string }> {
  const folder = mkdtempSync(join(tmpdir(), "otedama-kill-"));
  try {
    const { output, killed } = await run(folder, nth);
    const done = effects(folder) === 1;
    if (!killed) {
      expect(output).toBe("acknowledged\nend\n");
      return { killed, done, outcome: "proved" };
    }
    const kit = openRunner(folder, { run: "second", kinds: effectKinds(() => again.push("effect")) });
    const again: string[] = [];
    const known = kit.journal.entry(COMMAND.id);
    if (output.includes("acknowledged")) expect(known, `lost after kill ${nth}`).not.toBeNull();
    kit.runner.start();
    // The control plane heard nothing and sends it again.
    if (known === null || !isFinished(known.state)) {
      expect(kit.runner.offer(COMMAND)).toBeNull();
      await kit.finished;
    }
    const entry = kit.journal.entry(COMMAND.id);
    expect(effects(folder) + again.length, `done twice after kill ${nth}`).toBeLessThanOrEqual(1);
    expect(isFinished(entry?.state ?? "accepted")).toBe(true);
    if (entry?.state === "proved") expect(effects(folder) + again.length).toBe(1);
    // A later number goes on, the same one never.
    expect(kit.runner.offer({ ...COMMAND, id: "b3f0fd7a-0fd4-4e0a-9d51-7f5ad9a52c10" })).toMatchObject({ code: "replayed" });
    kit.runner.stop();
    kit.journal.close();
    return { killed, done, outcome: entry?.state ?? "" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("an order is taken, done and told at most once, whenever the process is killed", async () => {
  const fates: Awaited<ReturnType<typeof check>>[] = [];
  for (let nth = 1; fates.every(({ killed }) => killed); nth += AT_ONCE) {
    fates.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => check(nth + i)))));
  }
  // The walk saw every part of it: killed before it was taken, in the middle, and after all was said.
  expect(fates.length).toBeGreaterThan(12);
  expect(fates.some(({ killed, done }) => killed && !done)).toBe(true);
  expect(fates.some(({ killed, done, outcome }) => killed && done && outcome === "failed")).toBe(true);
  expect(fates.some(({ killed, outcome }) => killed && outcome === "proved")).toBe(true);
}, 240_000);
