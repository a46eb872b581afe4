/** Payouts: planned, approved, signed outside, sent, followed and booked. What people ask for and what the executor does, on one ledger. */
export { approveBatch } from "./approve.ts";
export { bumpRefusal, listBatches, readBatch } from "./batches.ts";
export { clearBumpRequest, readBumpRequest, requestBump } from "./bump.ts";
export { cancelBatch } from "./cancel.ts";
export { readPlanAccounts, readPlanFees } from "./candidates.ts";
export { type CreateBatchesOptions, type CreatedBatches, createBatches } from "./create.ts";
export { dryRunPayouts } from "./dry_run.ts";
export { PayoutError, type PayoutErrorCode } from "./errors.ts";
export { excludeItem } from "./exclude.ts";
export { explainAccount } from "./explain.ts";
export { type PayoutFigures, readPayoutFigures } from "./figures.ts";
export { type HistoryQuery, historyCsvHeader, historyCsvLine, listPayoutHistory } from "./history.ts";
export { holdAccount, listHolds, readHold, releaseAccount } from "./holds.ts";
export { listPayments } from "./payments.ts";
export {
  approvalsRequired,
  effectiveThreshold,
  type PayoutPlan,
  type PlanAccount,
  type PlannedPayout,
  planPayouts,
} from "./plan.ts";
export { type PolicyVersion, readPayoutPolicy } from "./policy.ts";
export { settleBatch, settlePostings } from "./settle.ts";
export { readPayoutSummary } from "./summary.ts";
export * from "./transactions.ts";
export * from "./wallet.ts";
