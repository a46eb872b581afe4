/**
 * Who is paid, and who is not and why: a pure function of balances, thresholds, holds and policy.
 *
 * An account is paid all that is available to it, in one batch. The order of the input means nothing: the largest amounts come
 * first, equal ones by account id.
 */
import type { PayoutPolicy, PayoutSkipReason } from "@otedama/shared";
import { formatSats } from "@otedama/shared/units";

export interface PlanAccount {
  account_id: number;
  address: string;
  available_sats: bigint;
  /** The account's own; null takes the policy's. */
  threshold_sats: bigint | null;
  hold_reason: string | null;
  /** Left out of this plan by the person who makes it. */
  excluded: boolean;
  /** Another batch that has the account and is not signed yet. */
  open_batch_id: number | null;
  /** What is wrong with the address, as a sentence; null when it can be paid. */
  address_problem: string | null;
}

export interface PlannedPayout extends PlanAccount {
  /** That holds for it: its own, but never below the policy's lowest. */
  threshold: bigint;
  skipped: PayoutSkipReason | null;
  why: string;
}

/** The pool's own fees, and where the policy has them paid out to. */
export interface PlanFees {
  address: string;
  /** All that is available, before any is kept. */
  available_sats: bigint;
  hold_reason: string | null;
  excluded: boolean;
  open_batch_id: number | null;
  address_problem: string | null;
}

export interface PlannedFees {
  address: string;
  /** Beyond what is kept. */
  amount_sats: bigint;
  kept_sats: bigint;
  threshold: bigint;
  skipped: PayoutSkipReason | null;
  why: string;
}

export interface PayoutPlan {
  paid: PlannedPayout[];
  skipped: PlannedPayout[];
  /** The paid ones, at most `outputs_max` in each. */
  batches: PlannedPayout[][];
  /** In a batch of its own, so that no miner ever waits for the operator's payment; null where the policy names no address. */
  fees: PlannedFees | null;
  /** Accounts and fees. */
  total_sats: bigint;
  approvals_required: number;
}

/** The threshold that holds for an account. */
export function effectiveThreshold(own_sats: bigint | null, policy: PayoutPolicy): bigint {
  const lowest = BigInt(policy.threshold_min_sats);
  const wanted = own_sats ?? BigInt(policy.threshold_sats);
  return wanted < lowest ? lowest : wanted;
}

/** People who have to approve a payout of this sum. */
export function approvalsRequired(total_sats: bigint, policy: PayoutPolicy): number {
  if (total_sats > BigInt(policy.four_eyes_above_sats)) return 2;
  return total_sats > BigInt(policy.unattended_max_sats) ? 1 : 0;
}

export function planPayouts(
  accounts: readonly PlanAccount[],
  policy: PayoutPolicy,
  own_fees: PlanFees | null = null,
): PayoutPlan {
  const judged = accounts
    .filter((account) => account.available_sats > 0n)
    .map((account) => judge(account, policy))
    .sort((a, b) =>
      a.available_sats === b.available_sats ? a.account_id - b.account_id : a.available_sats > b.available_sats ? -1 : 1,
    );
  const paid = judged.filter((account) => account.skipped === null);
  const batches: PlannedPayout[][] = [];
  for (let at = 0; at < paid.length; at += policy.outputs_max) batches.push(paid.slice(at, at + policy.outputs_max));
  const fees = planFees(own_fees, policy);
  const total_sats = paid.reduce((sum, account) => sum + account.available_sats, fees?.skipped === null ? fees.amount_sats : 0n);
  return {
    paid,
    skipped: judged.filter((account) => account.skipped !== null),
    batches,
    fees,
    total_sats,
    // By the whole plan: splitting it must not make it need fewer eyes.
    approvals_required: approvalsRequired(total_sats, policy),
  };
}

/** What becomes of the pool's own fees; null where the policy names no address for them. */
export function planFees(own: PlanFees | null, policy: PayoutPolicy): PlannedFees | null {
  return own && policy.fee_payout && judgeFees(own, policy.fee_payout);
}

function judge(account: PlanAccount, policy: PayoutPolicy): PlannedPayout {
  const threshold = effectiveThreshold(account.threshold_sats, policy);
  const skip = (skipped: PayoutSkipReason, why: string): PlannedPayout => ({ ...account, threshold, skipped, why });
  const available = formatSats(account.available_sats);
  const whose = account.threshold_sats === null ? "the pool's threshold" : "its own threshold";
  if (account.hold_reason !== null) return skip("held", `Held: ${account.hold_reason}`);
  if (account.excluded) return skip("excluded", "Left out of this plan by hand.");
  if (account.open_batch_id !== null) {
    return skip("in_open_batch", `Batch ${account.open_batch_id} has this account already and is not signed yet.`);
  }
  if (account.address_problem !== null) return skip("bad_address", account.address_problem);
  if (account.available_sats < threshold) {
    return skip("below_threshold", `${available} BTC is below ${whose} of ${formatSats(threshold)} BTC.`);
  }
  return { ...account, threshold, skipped: null, why: `${available} BTC has reached ${whose} of ${formatSats(threshold)} BTC.` };
}

function judgeFees(own: PlanFees, rule: NonNullable<PayoutPolicy["fee_payout"]>): PlannedFees {
  const kept_sats = BigInt(rule.keep_sats);
  const threshold = BigInt(rule.threshold_sats);
  const beyond = own.available_sats - kept_sats;
  const amount_sats = beyond > 0n ? beyond : 0n;
  const planned = (skipped: PayoutSkipReason | null, why: string): PlannedFees => ({
    address: own.address,
    amount_sats,
    kept_sats,
    threshold,
    skipped,
    why,
  });
  if (own.hold_reason !== null) return planned("held", `Held: ${own.hold_reason}`);
  if (own.excluded) return planned("excluded", "Left out of this plan by hand.");
  if (own.open_batch_id !== null) {
    return planned("in_open_batch", `Batch ${own.open_batch_id} pays fees already and is not signed yet.`);
  }
  if (own.address_problem !== null) return planned("bad_address", own.address_problem);
  const what = `${formatSats(amount_sats)} BTC of fees beyond the ${formatSats(kept_sats)} BTC that are kept`;
  if (amount_sats < threshold) {
    return planned("below_threshold", `${what} are below the threshold of ${formatSats(threshold)} BTC.`);
  }
  return planned(null, `${what} have reached the threshold of ${formatSats(threshold)} BTC.`);
}
