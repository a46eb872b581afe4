/**
 * How a block's reward is shared out. Pure and exact, in integers: whatever goes in, what comes out sums to the reward.
 *
 * Percentages are all of the reward. The fee, the donation and the finder's bonus are taken off, each rounded down; the rest is divided by
 * weight. An account that pays no fee gets the part of the fee that its weight stands for back from the pool.
 *
 * - SOLO: one weight, the finder's.
 * - PPLNS: the work of the window before the block, whoever found the blocks within it.
 * - PROP: the work since the pool's block before it.
 * - PPS, FPPS: shares were paid for as they came (`per_share.ts`), so the whole reward is the reserve's.
 */
import { divide, percentOf } from "./parts.ts";

export interface Reward {
  reward_sats: bigint;
  fee_percent: number;
  donation: { account_id: number; percent: number } | null;
  /** Of PPLNS and PROP. */
  finder_bonus_percent: number;
  finder_account_id: number | null;
  /** Accounts that pay no fee. */
  exempt: ReadonlySet<number>;
}

export interface Credits {
  fee_sats: bigint;
  reserve_sats: bigint;
  /** By account id, none of zero. */
  accounts: { account_id: number; amount_sats: bigint }[];
}

export interface AccountWork {
  account_id: number;
  work_hashes: bigint;
}

/** Work of a PPLNS window. */
export interface WorkWindow {
  /** Work that lies wholly inside the window, by account. */
  whole: AccountWork[];
  /** The ten seconds in which the window begins, by account: all of them together count `cut_hashes`. Empty when history is shorter. */
  cut: AccountWork[];
  cut_hashes: bigint;
}

/** The whole of it is the finder's. Without a finder it is the pool's. */
export function solo(reward: Reward): Credits {
  return shareOut({ ...reward, finder_bonus_percent: 0 }, new Map());
}

export function pplns(reward: Reward, window: WorkWindow): Credits {
  const cut_total = window.cut.reduce((sum, part) => sum + part.work_hashes, 0n);
  // Scaled by the cut's total, so that cutting in proportion leaves whole numbers.
  const scale = cut_total > 0n ? cut_total : 1n;
  const weights = new Map<number, bigint>();
  addWork(weights, window.whole, scale);
  addWork(weights, window.cut, window.cut_hashes);
  return shareOut(reward, weights);
}

export function prop(reward: Reward, round: AccountWork[]): Credits {
  const weights = new Map<number, bigint>();
  addWork(weights, round, 1n);
  return shareOut(reward, weights);
}

export function toReserve(reward_sats: bigint): Credits {
  checkReward(reward_sats);
  return { fee_sats: 0n, reserve_sats: reward_sats, accounts: [] };
}

/** Throws unless credits give out the reward, no more and no less, and take nothing from anybody. */
export function checkCredits(reward_sats: bigint, credits: Credits): void {
  const parts = [credits.fee_sats, credits.reserve_sats, ...credits.accounts.map((account) => account.amount_sats)];
  const total = parts.reduce((sum, part) => sum + part, 0n);
  if (total !== reward_sats || parts.some((part) => part < 0n)) {
    throw new Error(`credits of ${total} sats for a reward of ${reward_sats} sats, the smallest ${parts.reduce(lesser)}`);
  }
}

function shareOut(reward: Reward, weights: Map<number, bigint>): Credits {
  checkReward(reward.reward_sats);
  const { reward_sats, finder_account_id, donation } = reward;
  let bonus_sats = finder_account_id === null ? 0n : percentOf(reward_sats, reward.finder_bonus_percent);
  if (weights.size === 0) {
    // Nobody worked for it, as far as anybody knows: it is the finder's, and without one the pool's.
    if (finder_account_id === null) return { fee_sats: reward_sats, reserve_sats: 0n, accounts: [] };
    weights = new Map([[finder_account_id, 1n]]);
    bonus_sats = 0n;
  }
  let fee_sats = percentOf(reward_sats, reward.fee_percent);
  const donation_sats = donation ? percentOf(reward_sats, donation.percent) : 0n;
  const rest_sats = reward_sats - fee_sats - donation_sats - bonus_sats;
  if (rest_sats < 0n) throw new RangeError("fee, donation and finder bonus together are above 100 percent");
  const accounts = divide(rest_sats, weights);
  const add = (account_id: number, sats: bigint) => accounts.set(account_id, (accounts.get(account_id) ?? 0n) + sats);
  if (finder_account_id !== null) add(finder_account_id, bonus_sats);
  if (donation) add(donation.account_id, donation_sats);
  if (reward.exempt.size > 0) {
    for (const [account_id, part_sats] of divide(fee_sats, weights)) {
      if (!reward.exempt.has(account_id)) continue;
      add(account_id, part_sats);
      fee_sats -= part_sats;
    }
  }
  return {
    fee_sats,
    reserve_sats: 0n,
    accounts: [...accounts]
      .filter(([, amount_sats]) => amount_sats > 0n)
      .map(([account_id, amount_sats]) => ({ account_id, amount_sats }))
      .sort((a, b) => a.account_id - b.account_id),
  };
}

function addWork(weights: Map<number, bigint>, work: AccountWork[], scale: bigint): void {
  for (const { account_id, work_hashes } of work) {
    if (work_hashes < 0n) throw new RangeError("work is not negative");
    const weight = work_hashes * scale;
    if (weight > 0n) weights.set(account_id, (weights.get(account_id) ?? 0n) + weight);
  }
}

function checkReward(reward_sats: bigint): void {
  if (reward_sats < 0n) throw new RangeError("a reward is not negative");
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
