/** A job as a full mempool makes it: 12 Merkle branches and a coinbase of 250 bytes. */
import { type EngineJob, EXTRANONCE1_BYTES, EXTRANONCE2_BYTES } from "../src/engine_types.ts";

const COINBASE_BYTES = 250;
const PREFIX_BYTES = 62;
const BRANCHES = 12;

export function realisticJob(job_number: number): EngineJob {
  const fill = (bytes: number, seed: number) => Uint8Array.from({ length: bytes }, (_, i) => (seed + i * 13 + job_number) & 255);
  return {
    job_number,
    height: 900_000,
    prev_hash: fill(32, 1),
    coinbase_prefix: fill(PREFIX_BYTES, 2),
    coinbase_suffix: fill(COINBASE_BYTES - PREFIX_BYTES - EXTRANONCE1_BYTES - EXTRANONCE2_BYTES, 3),
    merkle_branches: fill(BRANCHES * 32, 4),
    version: 0x20000000,
    nbits: 0x17030000,
    ntime: Math.floor(Date.now() / 1000),
    clean: true,
    template_at_ms: Number(process.hrtime.bigint()) / 1e6,
  };
}
