/** The agent's mining against the pool's own engine: both ends of the wire are ours here, and each is tested alone elsewhere. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStratumEngine, type EngineJob, type StratumEngine } from "@otedama/native";
import { SHARE_RESULTS } from "@otedama/shared";
import { afterEach, expect, test } from "vitest";
import { Mining } from "../src/mining/mining.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const engineJob = (job_number: number, tip = 1): EngineJob => ({
  job_number,
  height: 100 + tip,
  prev_hash: new Uint8Array(32).fill(tip),
  coinbase_prefix: new Uint8Array(45).fill(2),
  coinbase_suffix: new Uint8Array(80).fill(3),
  merkle_branches: new Uint8Array(64).fill(4),
  version: 0x20000000,
  nbits: 0x1d00ffff,
  ntime: Math.floor(Date.now() / 1000),
  clean: true,
  template_at_ms: Number(process.hrtime.bigint()) / 1e6,
});

function startEngine(): { engine: StratumEngine; url: string } {
  const dir = mkdtempSync(join(tmpdir(), "otedama-engine-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  const engine = createStratumEngine(
    {
      listen: [{ host: "127.0.0.1", port: 0 }],
      threads: 1,
      extranonce_prefix: 7,
      version_mask: 0x1fffe000,
      ack: "durable",
      vardiff: { enabled: true, initial: 0.0001, min: 0.00001, max: 1e9, target_interval_s: 0.5 },
      share_log: { dir, instance_id: "test", segment_bytes_max: 1 << 20 },
      limits: {
        connections_max: 100,
        connections_per_address_max: 100,
        connects_per_address_per_s: 100,
        line_bytes_max: 16_384,
        output_bytes_max: 1 << 20,
        messages_per_s: 10_000,
        handshake_timeout_s: 10,
        idle_timeout_s: 600,
        ban_invalid_ratio: 0.5,
        ban_after_shares: 1_000,
        ban_s: 60,
      },
    },
    {
      onEvent(event) {
        if (event.kind !== "authorize") return;
        engine.authorizeResult(event.connection_id, event.request_number, { accepted: true, worker_id: 1, difficulty: null });
      },
    },
  );
  engine.setJob(engineJob(1));
  const [bound] = engine.start();
  cleanups.push(() => engine.stop());
  return { engine, url: `stratum+tcp://127.0.0.1:${bound?.port}` };
}

test("every share that the miner finds is accepted by the engine, through retargets and new tips", async () => {
  const { engine, url } = startEngine();
  const mining = new Mining(
    {
      pools: [{ url, user: "wallet.rig", password: "x" }],
      threads: 2,
      nice: 5,
      user_agent: "otedama/test",
      timing: { first_wait_ms: 20, wait_ms_max: 100, proven_after_ms: 30_000 },
      return_probe_ms: 60_000,
      first_job_timeout_ms: 10_000,
    },
    { random: Math.random, observers: [] },
  );
  cleanups.push(() => mining.stop());
  mining.start();
  const difficulties = new Set<number | null>();
  for (let tip = 2; tip <= 4; tip++) {
    const wanted = mining.figures().shares.accepted + 8;
    while (mining.figures().shares.accepted < wanted) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      difficulties.add(mining.figures().difficulty);
    }
    engine.setJob(engineJob(tip, tip));
  }
  const { shares, counters, unanswered } = mining.figures();
  const seen = engine.stats().shares;
  expect(shares).toMatchObject({ duplicate: 0, low_difficulty: 0, unauthorized: 0, invalid: 0 });
  expect(unanswered).toBe(0);
  expect(counters.hardware_errors).toBe(0);
  expect(seen[SHARE_RESULTS.indexOf("accepted")]).toBeGreaterThanOrEqual(shares.accepted);
  expect(seen[SHARE_RESULTS.indexOf("low_difficulty")]).toBe(0);
  expect(difficulties.size).toBeGreaterThan(1);
});
