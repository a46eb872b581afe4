/** What is written down in lines, on a disk that takes only a part of one: a process with a limit on the length of its files stands for it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { LocalWorkers } from "../src/stratum/local_workers.ts";
import { JobLog } from "../src/work/job_log.ts";

const SRC = join(import.meta.dirname, "../src");
const LIMIT_BYTES = 700;

let dir: string;
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a module under the limit; `lift()` takes it away. What it logs comes back as JSON. */
function underLimit(code: string): unknown {
  dir = mkdtempSync(join(tmpdir(), "otedama-full-"));
  const lift = `import { execFileSync } from "node:child_process"; const dir = ${JSON.stringify(dir)};
    const lift = () => execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=unlimited:"]);\n`;
  const args = [
    `--fsize=${LIMIT_BYTES}:`,
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "--input-type=module",
    "-e",
  ];
  return JSON.parse(execFileSync("prlimit", [...args, lift + code], { encoding: "utf8" }));
}

const noPrlimit = spawnSync("prlimit", ["--version"]).status !== 0;

test.skipIf(noPrlimit)("a job whose line was not taken counts as the one before, now as after a restart", () => {
  const said = underLimit(`
    const { JobLog } = await import(${JSON.stringify(join(SRC, "work/job_log.ts"))});
    const troubles = [];
    const log = new JobLog({ dir, instance_id: "a" }, { onTrouble: (error) => troubles.push(error.message) });
    const append = (job_number) => log.append({ job_number, height: 1, nbits: 0x207fffff, subsidy_sats: 5n, policy_version: 1, average_fees_sats: 0n, at_ms: 1 });
    for (let job_number = 1; job_number <= 10; job_number++) append(job_number);
    lift();
    append(11);
    append(12);
    console.log(JSON.stringify({ troubles: troubles.length, jobs: Array.from({ length: 12 }, (_, i) => log.of(i + 1).job_number) }));
  `) as { troubles: number; jobs: number[] };
  expect(said.troubles).toBeGreaterThan(0);
  const taken = 10 - said.troubles;
  expect(said.jobs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => Math.min(number, taken)).concat([11, 12]));
  const after = new JobLog({ dir, instance_id: "a" }, { onTrouble: () => {} });
  expect(Array.from({ length: 12 }, (_, index) => after.of(index + 1)?.job_number)).toEqual(said.jobs);
});

test.skipIf(noPrlimit)("a worker whose line was not taken is not let in, and no other's line is lost with it", () => {
  const said = underLimit(`
    const { LocalWorkers } = await import(${JSON.stringify(join(SRC, "stratum/local_workers.ts"))});
    const workers = new LocalWorkers({ dir });
    workers.open();
    const assign = (name) => { try { return workers.assign("address", name); } catch { return null; } };
    const ids = Array.from({ length: 12 }, (_, index) => assign("rig" + index));
    lift();
    ids.push(assign("late"));
    console.log(JSON.stringify(ids));
  `) as (number | null)[];
  expect(said).toContain(null);
  const taken = said.filter((id) => id !== null);
  expect(new Set(taken).size).toBe(taken.length);
  const after = new LocalWorkers({ dir });
  after.open();
  for (const [index, id] of said.entries()) {
    if (id !== null) expect(after.identity(id)?.name).toBe(index === 12 ? "late" : `rig${index}`);
  }
  expect(after.size).toBe(taken.length);
  after.close();
});
