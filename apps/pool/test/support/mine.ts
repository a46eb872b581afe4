/** A miner of a few lines, for tests: difficulty there is what node:crypto can find in a moment. */
import { nbitsToTarget } from "@otedama/shared";
import { sha256d, u32 } from "../../src/work/bytes.ts";
import { EXTRANONCE_BYTES } from "../../src/work/coinbase.ts";
import type { Job } from "../../src/work/job.ts";
import { rootFromBranches } from "../../src/work/merkle.ts";

export interface Solution {
  header: Buffer;
  coinbase: Buffer;
  /** Display order. */
  hash: string;
}

export function hashValue(hash: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(hash).reverse().toString("hex")}`);
}

/** Solves a job for the network's target. `salt` makes solutions of one job differ. */
export function solve(job: Job, salt = 0): Solution {
  const extranonce = Buffer.alloc(EXTRANONCE_BYTES);
  extranonce.writeUInt32LE(salt);
  const coinbase = Buffer.concat([job.engine.coinbase_prefix, extranonce, job.engine.coinbase_suffix]);
  const branches: Buffer[] = [];
  for (let at = 0; at < job.engine.merkle_branches.length; at += 32) {
    branches.push(Buffer.from(job.engine.merkle_branches.subarray(at, at + 32)));
  }
  const header = Buffer.concat([
    u32(job.engine.version),
    job.engine.prev_hash,
    rootFromBranches(sha256d(coinbase), branches),
    u32(job.engine.ntime),
    u32(job.engine.nbits),
    u32(0),
  ]);
  const target = nbitsToTarget(job.engine.nbits);
  for (let nonce = 0; nonce <= 0xffffffff; nonce++) {
    header.writeUInt32LE(nonce, 76);
    const hash = sha256d(header);
    if (hashValue(hash) <= target) return { header, coinbase, hash: Buffer.from(hash).reverse().toString("hex") };
  }
  throw new Error("no nonce solves this job");
}
