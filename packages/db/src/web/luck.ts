import type { OverviewDto } from "@otedama/shared";
import type { Sql } from "./database.ts";

/** Blocks over which luck is told. */
const LUCK_BLOCKS = 100;
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Expected hashes of every block are effort × expectation, so found / expected is the number of blocks over their efforts' sum. */
export async function recentLuck(sql: Sql): Promise<OverviewDto["luck"]> {
  const found = await sql.query<{ blocks: number; effort: number | null }>(
    `SELECT count(*) AS blocks, sum(effort) AS effort
       FROM (SELECT effort FROM block WHERE state <> 'rejected' AND effort > 0 ORDER BY found_at DESC LIMIT ${LUCK_BLOCKS}) recent`,
  );
  const { blocks, effort } = found.rows[0] ?? { blocks: 0, effort: null };
  return effort === null || effort <= 0 ? null : { blocks, value: blocks / effort };
}

/**
 * Time to the next block. Each hash is an independent trial, so the wait is exponential whatever has been spent already:
 * its mean is difficulty × 2^32 / hashrate and its p-quantile −ln(1 − p) times the mean.
 */
export function nextBlock(hashrate_hps: number, network_difficulty: number): OverviewDto["next_block_s"] {
  if (!(hashrate_hps > 0) || !(network_difficulty > 0)) return null;
  const mean = (network_difficulty * HASHES_PER_DIFFICULTY) / hashrate_hps;
  return { mean, p05: -Math.log(0.95) * mean, p95: -Math.log(0.05) * mean };
}
