/**
 * PPS and FPPS: what one share is worth, whether or not a block is found.
 *
 * A share of work w (expected hashes) on a job of network work n is worth w / n of a block: of its subsidy under PPS, of its subsidy and the
 * average fees of recent blocks under FPPS. The fee is not paid out: it stays in the reserve, which is what lets the reserve outlast bad
 * luck (`risk.ts`).
 *
 * Dues are kept in 2^-32 satoshis and each share is rounded down by itself, so that sums do not depend on how shares are grouped: an account
 * was credited ⌊sum / 2^32⌋ satoshis, and the rest is carried.
 */
import { PARTS, partsOf } from "./parts.ts";

export const DUE_UNITS_PER_SAT = 1n << 32n;

export interface PerShareTerms {
  /** Subsidy, and under FPPS the average fees. */
  reward_sats: bigint;
  /** Expected hashes of a block: `workHashes` of the job's network difficulty. */
  network_hashes: bigint;
  fee_percent: number;
  donation_percent: number;
}

export interface ShareDue {
  due_units: bigint;
  donation_units: bigint;
}

/** `exempt`: the account pays no fee. */
export function perShareDue(work_hashes: bigint, terms: PerShareTerms, exempt: boolean): ShareDue {
  if (work_hashes < 0n || terms.network_hashes <= 0n || terms.reward_sats < 0n)
    throw new RangeError("work and reward are not negative");
  const fee = exempt ? 0n : partsOf(terms.fee_percent);
  const donation = partsOf(terms.donation_percent);
  if (fee + donation > PARTS) throw new RangeError("fee and donation together are above 100 percent");
  // A share proves no more than a block's work.
  const work = work_hashes < terms.network_hashes ? work_hashes : terms.network_hashes;
  const gross = work * terms.reward_sats * DUE_UNITS_PER_SAT;
  const divisor = terms.network_hashes * PARTS;
  return { due_units: (gross * (PARTS - fee - donation)) / divisor, donation_units: (gross * donation) / divisor };
}

/** Whole satoshis of what is due, and the rest to carry. */
export function takeSats(units: bigint): { sats: bigint; rest_units: bigint } {
  return { sats: units / DUE_UNITS_PER_SAT, rest_units: units % DUE_UNITS_PER_SAT };
}

/** Blocks that FPPS averages the fees of, and how deep the newest of them lies, so that a reorganisation does not change it. */
export const FEE_BLOCKS = 144;
export const FEE_DEPTH = 6;

/**
 * Heights whose fees the FPPS value of a job at `height` is the average of: the newest FEE_BLOCKS blocks that have FEE_DEPTH
 * others on top of them when the job is made. Both ends included; null when there are none.
 */
export function feeHeights(height: number): { from: number; to: number } | null {
  const to = height - 1 - FEE_DEPTH;
  return to < 1 ? null : { from: Math.max(1, to - FEE_BLOCKS + 1), to };
}

/** Satoshis, rounded down; 0 of none. */
export function averageFees(fees_sats: bigint[]): bigint {
  return fees_sats.length === 0 ? 0n : fees_sats.reduce((sum, fees) => sum + fees, 0n) / BigInt(fees_sats.length);
}
