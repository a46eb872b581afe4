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

/** Last value against the mean of what came before it, as a fraction of that mean; null when there is nothing to compare. */
export function changeAgainstMean(values: readonly (number | null)[], now: number): number | null {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 3) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return mean > 0 ? now / mean - 1 : null;
}
