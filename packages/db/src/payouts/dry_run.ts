import type { Network, PayoutPlanDto, PlannedPayoutDto } from "@otedama/shared";
import type { Queryable } from "../pool/connect.ts";
import { readPlanAccounts, readPlanFees } from "./candidates.ts";
import { type PayoutPlan, type PlannedPayout, planPayouts } from "./plan.ts";
import { readPayoutPolicy } from "./policy.ts";

/** What `createBatches` would do now, account by account. Writes nothing. Throws a PayoutError `no_policy`. */
export async function dryRunPayouts(
  db: Queryable,
  options: { network: Network; excluded_account_ids?: readonly number[]; without_fees?: boolean },
): Promise<PayoutPlanDto> {
  const { version, policy } = await readPayoutPolicy(db);
  const fees = await readPlanFees(db, options, policy.payouts);
  const plan = planPayouts(await readPlanAccounts(db, options), policy.payouts, fees);
  return {
    policy_version: version,
    fee_payer: policy.payouts.fee_payer,
    approvals_required: plan.approvals_required,
    total_sats: Number(plan.total_sats),
    batches: [
      ...plan.batches.map((batch) => ({ accounts: batch.length, amount_sats: Number(sumOf(batch)) })),
      ...(plan.fees?.skipped === null ? [{ accounts: 1, amount_sats: Number(plan.fees.amount_sats) }] : []),
    ],
    accounts: accountRows(plan),
    fees: plan.fees && {
      address: plan.fees.address,
      available_sats: Number(plan.fees.amount_sats),
      kept_sats: Number(plan.fees.kept_sats),
      threshold_sats: Number(plan.fees.threshold),
      why: plan.fees.why,
      skipped: plan.fees.skipped,
      batch: plan.fees.skipped === null ? plan.batches.length + 1 : null,
    },
  };
}

function accountRows(plan: PayoutPlan): PlannedPayoutDto[] {
  return [
    ...plan.batches.flatMap((batch, index) => batch.map((account) => accountRow(account, index + 1))),
    ...plan.skipped.map((account) => accountRow(account, null)),
  ];
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

function sumOf(accounts: readonly { available_sats: bigint }[]): bigint {
  return accounts.reduce((sum, account) => sum + account.available_sats, 0n);
}
