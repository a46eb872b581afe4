/** kill -9 in the middle of work: whatever a miner was told is in the log, once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { EASY, NTIME, readLog, startFixture } from "./stratum/fixture.ts";
import { difficultyOf, search } from "./stratum/judge.ts";
import { RawMiner } from "./stratum/raw_miner.ts";

const CHILD = fileURLToPath(new URL("./stratum/crash_child.ts", import.meta.url));
const ROUNDS = 4;
const SHARES = 60;
const ANSWERS_BEFORE_KILL = 30;

async function mineUntilKilled(dir: string, round: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, dir, String(round)], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  const miners = await Promise.all(Array.from({ length: 4 }, () => RawMiner.connect(Number(port))));
  const prepared: { miner: RawMiner; id: string; hash: string; line: string }[] = [];
  for (const miner of miners) {
    const { job } = await miner.login();
    const claim = { job, extranonce1: miner.extranonce1, extranonce2: "0000000000000000", ntime: NTIME.toString(16) };
    for (let i = 0, next = 0; i < SHARES; i++) {
      const found = search(claim, (hash) => difficultyOf(hash) >= EASY, next);
      next = found.next;
      const params = ["alice.rig1", job[0], claim.extranonce2, claim.ntime, found.nonce];
      const id = `s${i}`;
      prepared.push({
        miner,
        id,
        hash: found.hash.reverse().toString("hex"),
        line: JSON.stringify({ id, method: "mining.submit", params }),
      });
    }
  }
  // The kill comes in the middle: when so many answers are there, with others still under way.
  const answered = () =>
    miners.reduce((sum, miner) => sum + miner.lines.filter((line) => line.includes('"result":true')).length, 0);
  for (const [index, { miner, line }] of prepared.sort((a, b) => (a.id < b.id ? -1 : 1)).entries()) {
    miner.send(line);
    if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (answered() >= ANSWERS_BEFORE_KILL * round) break;
  }
  while (answered() < ANSWERS_BEFORE_KILL * round) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGKILL");
  await once(child, "close");
  await Promise.all(miners.map((miner) => miner.ended()));
  return prepared
    .filter(({ miner, id }) => miner.lines.some((line) => line === `{"id":"${id}","result":true,"error":null}`))
    .map(({ hash }) => hash);
}

test("every share that was acknowledged before a kill is in the log exactly once", { timeout: 180_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), "otedama-crash-"));
  try {
    const told: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) told.push(...(await mineUntilKilled(dir, round)));
    // A last start cuts what was torn.
    await startFixture({ dir, options: { share_log: { dir, instance_id: "test-1", segment_bytes_max: 4096 } } }).stop();
    const logged = readLog(dir).map((record) => record.hash);
    expect(told.length).toBeGreaterThanOrEqual(ANSWERS_BEFORE_KILL * ROUNDS);
    expect(new Set(logged).size).toBe(logged.length);
    expect(told.filter((hash) => !logged.includes(hash))).toEqual([]);
    const sequences = readLog(dir).map((record) => record.sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => (a < b ? -1 : 1)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
