/**
 * PPLNS: a block's reward, less the pool's fee, is shared by the work of the window before it.
 *
 * Pure and exact, in integers. Every satoshi of the reward is given: shares are rounded down and what is left over goes, a satoshi each, to the
 * largest remainders (equal ones in the order of account ids, so that the order of the input means nothing).
 */
import type { WorkWindow } from "@otedama/db/pool";

export interface PplnsInput {
  reward_sats: bigint;
  fee_percent: number;
  window: WorkWindow;
  /** Account that found the block: it is paid when the window holds no work at all. */
  finder_account_id: number | null;
}

export interface Credits {
  fee_sats: bigint;
  /** By account id, none of zero. */
  accounts: { account_id: number; amount_sats: bigint }[];
}

/** Percentages are taken to a millionth of a percent. */
const PERCENT_UNITS = 1_000_000;

export function pplns(input: PplnsInput): Credits {
  if (input.reward_sats < 0n) throw new RangeError("a reward is not negative");
  if (!(input.fee_percent >= 0 && input.fee_percent <= 100)) throw new RangeError("a fee is between 0 and 100 percent");
  const fee_units = BigInt(Math.round(input.fee_percent * PERCENT_UNITS));
  const fee_sats = (input.reward_sats * fee_units) / BigInt(100 * PERCENT_UNITS);
  const weights = windowWeights(input.window);
  if (weights.size === 0) {
    if (input.finder_account_id === null) return { fee_sats: input.reward_sats, accounts: [] };
    weights.set(input.finder_account_id, 1n);
  }
  return { fee_sats, accounts: divide(input.reward_sats - fee_sats, weights) };
}

/** Work by account, with the slice in which the window begins cut in proportion; scaled so that it stays whole. */
function windowWeights(window: WorkWindow): Map<number, bigint> {
  const cut_total = window.cut.reduce((sum, part) => sum + part.work_hashes, 0n);
  const scale = cut_total > 0n ? cut_total : 1n;
  const weights = new Map<number, bigint>();
  const add = (account_id: number, weight: bigint) => {
    if (weight > 0n) weights.set(account_id, (weights.get(account_id) ?? 0n) + weight);
  };
  for (const part of window.whole) add(part.account_id, part.work_hashes * scale);
  for (const part of window.cut) add(part.account_id, part.work_hashes * window.cut_hashes);
  return weights;
}

function divide(sats: bigint, weights: Map<number, bigint>): Credits["accounts"] {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  const parts = [...weights]
    .map(([account_id, weight]) => ({
      account_id,
      amount_sats: (sats * weight) / total,
      remainder: (sats * weight) % total,
    }))
    .sort((a, b) => (a.remainder === b.remainder ? a.account_id - b.account_id : a.remainder > b.remainder ? -1 : 1));
  let left = sats - parts.reduce((sum, part) => sum + part.amount_sats, 0n);
  for (const part of parts) {
    if (left === 0n) break;
    part.amount_sats += 1n;
    left -= 1n;
  }
  return parts
    .filter((part) => part.amount_sats > 0n)
    .map(({ account_id, amount_sats }) => ({ account_id, amount_sats }))
    .sort((a, b) => a.account_id - b.account_id);
}
