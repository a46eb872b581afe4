/**
 * Luck: blocks found over blocks expected. Hashes are independent trials, so blocks come as a Poisson process in work done, with one block
 * expected for difficulty × 2^32 hashes, whatever the hashrate and the difficulty did meanwhile.
 */
import { gammaQ, gammaQuantile, poissonAtMost } from "./gamma.ts";

/** Bounds hold with this probability. */
export const CONFIDENCE = 0.95;
const TAIL = (1 - CONFIDENCE) / 2;
const HASHES_PER_DIFFICULTY = 2 ** 32;

export interface Luck {
  blocks: number;
  /** Blocks that the work was expected to find. */
  expected: number;
  /** blocks / expected: above 1 is lucky. Null without work. */
  value: number | null;
  /** What the long-run ratio of blocks to expectation may be, if this is all one knows: it holds 1 unless luck was rare or blocks are missing. */
  low: number | null;
  high: number | null;
  /** How often a pool that loses nothing does this badly or worse. Null without work. */
  chance: number | null;
}

/**
 * Over a stretch of time: the number is what is random. Exact (Garwood) bounds of a Poisson mean, [χ²(α/2; 2n), χ²(1 − α/2; 2n + 2)] / 2.
 * F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936).
 */
export function luckOfTime(blocks: number, expected: number): Luck {
  if (!(expected > 0)) return { blocks, expected: 0, value: null, low: null, high: null, chance: null };
  return {
    blocks,
    expected,
    value: blocks / expected,
    low: blocks === 0 ? 0 : gammaQuantile(blocks, TAIL) / expected,
    high: gammaQuantile(blocks + 1, 1 - TAIL) / expected,
    chance: poissonAtMost(blocks, expected),
  };
}

/**
 * Over the last n blocks: the work is what is random. Each effort is exponential with mean 1, so their sum is Gamma(n, 1) and the
 * bounds are [χ²(α/2; 2n), χ²(1 − α/2; 2n)] / 2 over that sum.
 */
export function luckOfBlocks(efforts: readonly number[]): Luck {
  const blocks = efforts.length;
  const expected = efforts.reduce((sum, effort) => sum + effort, 0);
  if (blocks === 0 || !(expected > 0)) return { blocks, expected: 0, value: null, low: null, high: null, chance: null };
  return {
    blocks,
    expected,
    value: blocks / expected,
    low: gammaQuantile(blocks, TAIL) / expected,
    high: gammaQuantile(blocks, 1 - TAIL) / expected,
    chance: gammaQ(blocks, expected),
  };
}

/** Between what the summed effort of n blocks lies with the probability CONFIDENCE. */
export function effortBounds(blocks: number): { low: number; high: number } {
  return { low: gammaQuantile(blocks, TAIL), high: gammaQuantile(blocks, 1 - TAIL) };
}

/** How often a block takes at most this effort: 1 − e^−effort. */
export const effortQuantile = (effort: number): number => 1 - Math.exp(-effort);

/**
 * Time to the next block. Each hash is an independent trial, so the wait is exponential whatever has been spent already: its mean is
 * difficulty × 2^32 / hashrate and its p-quantile −ln(1 − p) times the mean. Null without hashrate or difficulty.
 */
export function nextBlock(hashrate_hps: number, network_difficulty: number): { mean: number; p05: number; p95: number } | null {
  if (!(hashrate_hps > 0) || !(network_difficulty > 0)) return null;
  const mean = (network_difficulty * HASHES_PER_DIFFICULTY) / hashrate_hps;
  return { mean, p05: -Math.log(0.95) * mean, p95: -Math.log(0.05) * mean };
}
