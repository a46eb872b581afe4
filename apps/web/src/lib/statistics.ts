import type { ShareCounts } from "@otedama/shared";

export const REJECT_REASONS = [
  "stale",
  "duplicate",
  "low_difficulty",
  "unauthorized",
  "invalid",
] as const satisfies readonly (keyof ShareCounts)[];
export type RejectReason = (typeof REJECT_REASONS)[number];

export const rejectedShares = (shares: ShareCounts): number => REJECT_REASONS.reduce((sum, reason) => sum + shares[reason], 0);

/** Rejected among all judged; null before the first share. */
export function rejectRate(shares: ShareCounts): number | null {
  const rejected = rejectedShares(shares);
  const all = shares.accepted + rejected;
  return all === 0 ? null : rejected / all;
}

export const HASHES_PER_DIFFICULTY = 2 ** 32;

/**
 * Time to the next block at a hashrate. Finding one is a Poisson process without memory, so the wait is exponential: its
 * quantile q is −ln(1 − q) times the mean, whatever has been mined so far.
 */
export function nextBlock(hashrate_hps: number, network_difficulty: number) {
  if (!(hashrate_hps > 0) || !(network_difficulty > 0)) return null;
  const mean = (network_difficulty * HASHES_PER_DIFFICULTY) / hashrate_hps;
  return { mean, p05: -Math.log(0.95) * mean, p95: -Math.log(0.05) * mean };
}

/** Last value against the mean of what came before it, as a fraction of that mean; null when there is nothing to compare. */
export function changeAgainstMean(values: readonly (number | null)[], now: number): number | null {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 3) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return mean > 0 ? now / mean - 1 : null;
}
