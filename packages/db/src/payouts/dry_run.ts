import { type Network, PAYOUT_PLAN_ROWS_MAX, type PayoutPlanDto, type PlannedPayoutDto } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { readPlanAccounts, readPlanFees } from "./candidates.ts";
import { readDue } from "./due.ts";
import { approvalsRequired, type PlannedPayout, planFees, planPayouts } from "./plan.ts";
import { readPayoutPolicy } from "./policy.ts";

/**
 * What `createBatches` would do now: its sums, and account by account as far as anybody reads. Writes nothing. Throws a PayoutError
 * `no_policy`.
 */
export async function dryRunPayouts(
  db: Queryable,
  options: { network: Network; excluded_account_ids?: readonly number[]; without_fees?: boolean },
): Promise<PayoutPlanDto> {
  const { version, policy } = await readPayoutPolicy(db);
  const { payouts } = policy;
  const due = await readDue(db, options, payouts, PAYOUT_PLAN_ROWS_MAX);
  const plan = planPayouts(await readPlanAccounts(db, { ...options, account_ids: due.account_ids }), payouts);
  const fees = planFees(await readPlanFees(db, options, payouts), payouts);
  const fees_paid = fees?.skipped === null;
  const miners_batches = Math.ceil(due.paid.accounts / payouts.outputs_max);
  const total_sats = due.paid.sats + (fees_paid ? fees.amount_sats : 0n);
  return {
    policy_version: version,
    fee_payer: payouts.fee_payer,
    approvals_required: approvalsRequired(total_sats, payouts),
    total_sats: Number(total_sats),
    batches: miners_batches + (fees_paid ? 1 : 0),
    accounts_paid: due.paid.accounts,
    accounts_skipped: due.skipped.accounts,
    accounts: [
      ...plan.batches.flatMap((batch, index) => batch.map((account) => accountRow(account, index + 1))),
      ...plan.skipped.map((account) => accountRow(account, null)),
    ],
    fees: fees && {
      address: fees.address,
      available_sats: Number(fees.amount_sats),
      kept_sats: Number(fees.kept_sats),
      threshold_sats: Number(fees.threshold),
      why: fees.why,
      skipped: fees.skipped,
      batch: fees_paid ? miners_batches + 1 : null,
    },
  };
}

function accountRow(account: PlannedPayout, batch: number | null): PlannedPayoutDto {
  return {
    account_id: account.account_id,
    address: account.address,
    available_sats: Number(account.available_sats),
    threshold_sats: Number(account.threshold),
    why: account.why,
    skipped: account.skipped,
    batch,
  };
}
