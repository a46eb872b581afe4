/** What the payout screens, the API and the exports show: one schema for query, API and screen. */
import { z } from "zod";
import { Sats } from "./index.ts";

const UnixMs = z.number();

export const PAYOUT_BATCH_STATES = ["planned", "approved", "unsigned", "signed", "broadcast", "settled", "cancelled"] as const;
export const PayoutBatchState = z.enum(PAYOUT_BATCH_STATES);
export type PayoutBatchState = z.infer<typeof PayoutBatchState>;

/** Why an account is left out of a plan. */
export const PayoutSkipReason = z.enum(["below_threshold", "held", "excluded", "bad_address", "in_open_batch", "dust"]);
export type PayoutSkipReason = z.infer<typeof PayoutSkipReason>;

/** Whom a batch pays: accounts what is available to them, or the operator the pool's own fees. */
export const PayoutBatchPays = z.enum(["miners", "fees"]);
export type PayoutBatchPays = z.infer<typeof PayoutBatchPays>;

/** One account in a plan that was not carried out: what it would get, or why nothing. */
export const PlannedPayoutDto = z.strictObject({
  account_id: z.int(),
  address: z.string(),
  available_sats: Sats,
  threshold_sats: Sats,
  /** A sentence. */
  why: z.string(),
  /** Null when it is paid. */
  skipped: PayoutSkipReason.nullable(),
  /** Number of the batch it falls into, from 1; null when it is not paid. */
  batch: z.int().nullable(),
});
export type PlannedPayoutDto = z.infer<typeof PlannedPayoutDto>;

/** What a plan does with the pool's own fees. */
export const PlannedFeesDto = z.strictObject({
  address: z.string(),
  /** Beyond what is kept; none when the pool paid more to the network than it earned. */
  available_sats: Sats,
  kept_sats: Sats,
  threshold_sats: Sats,
  why: z.string(),
  skipped: PayoutSkipReason.nullable(),
  batch: z.int().nullable(),
});
export type PlannedFeesDto = z.infer<typeof PlannedFeesDto>;

/** Accounts that a plan is shown with: nobody reads further, and the sums are of all. */
export const PAYOUT_PLAN_ROWS_MAX = 500;
export const PayoutPlanDto = z.strictObject({
  policy_version: z.int(),
  fee_payer: z.enum(["pool", "miners"]),
  approvals_required: z.int(),
  total_sats: Sats,
  /** How many would be made. */
  batches: z.int(),
  accounts_paid: z.int(),
  accounts_skipped: z.int(),
  /** The first of them: largest amount first, paid ones before skipped ones. */
  accounts: z.array(PlannedPayoutDto).max(PAYOUT_PLAN_ROWS_MAX),
  /** Null while the policy names no address for them. */
  fees: PlannedFeesDto.nullable(),
});
export type PayoutPlanDto = z.infer<typeof PayoutPlanDto>;

export const PayoutBatchDto = z.strictObject({
  id: z.int(),
  state: PayoutBatchState,
  pays: PayoutBatchPays,
  created_by: z.string(),
  created_at_ms: UnixMs,
  updated_at_ms: UnixMs,
  policy_version: z.int(),
  fee_payer: z.enum(["pool", "miners"]),
  approvals_required: z.int(),
  /** People who approved, in order. */
  approved_by: z.array(z.string()),
  /** Sum of the items that are not excluded. */
  amount_sats: Sats,
  accounts: z.int(),
  note: z.string().nullable(),
  waiting_for: z.string().nullable(),
  stopped_why: z.string().nullable(),
  cancelled_by: z.string().nullable(),
  /** Of the newest attempt; null before there is one. */
  txid: z.string().nullable(),
  fee_sats: Sats.nullable(),
  attempts: z.int(),
  confirmations: z.int(),
  /** Depth at which it counts as made, by its policy. */
  confirmations_wanted: z.int(),
});
export type PayoutBatchDto = z.infer<typeof PayoutBatchDto>;

export const PayoutItemDto = z.strictObject({
  account_id: z.int(),
  address: z.string(),
  amount_sats: Sats,
  fee_part_sats: Sats,
  /** What the address receives. */
  paid_sats: Sats,
  excluded_by: z.string().nullable(),
  excluded_why: z.string().nullable(),
});
export type PayoutItemDto = z.infer<typeof PayoutItemDto>;

export const PayoutTransactionDto = z.strictObject({
  id: z.int(),
  attempt: z.int(),
  state: z.enum(["unsigned", "signed", "broadcast", "confirmed", "replaced", "abandoned"]),
  unsigned_txid: z.string(),
  txid: z.string().nullable(),
  fee_sats: Sats,
  /** Satoshis a virtual byte. */
  fee_rate: z.number(),
  vsize: z.int(),
  change_sats: Sats,
  signer: z.string().nullable(),
  created_at_ms: UnixMs,
  handed_out_at_ms: UnixMs.nullable(),
  signed_at_ms: UnixMs.nullable(),
  broadcast_at_ms: UnixMs.nullable(),
  confirmed_at_ms: UnixMs.nullable(),
  confirmations: z.int(),
  block_hash: z.string().nullable(),
  block_height: z.int().nullable(),
  trouble: z.string().nullable(),
});
export type PayoutTransactionDto = z.infer<typeof PayoutTransactionDto>;

export const PayoutBatchDetailDto = z.strictObject({
  batch: PayoutBatchDto,
  approvals: z.array(z.strictObject({ person: z.string(), at_ms: UnixMs })),
  /** Largest first; excluded ones too. */
  items: z.array(PayoutItemDto),
  /** Newest attempt first. */
  transactions: z.array(PayoutTransactionDto),
  /** What may be done now, and by the rules of the moment: each false has its sentence. */
  can: z.strictObject({
    approve: z.string().nullable(),
    exclude: z.string().nullable(),
    cancel: z.string().nullable(),
    download: z.string().nullable(),
    upload: z.string().nullable(),
    bump: z.string().nullable(),
  }),
});
export type PayoutBatchDetailDto = z.infer<typeof PayoutBatchDetailDto>;

export const PayoutSummaryDto = z.strictObject({
  /** Each step of the pipeline, in order, with what is in it. */
  pipeline: z.array(z.strictObject({ state: PayoutBatchState, batches: z.int(), accounts: z.int(), amount_sats: Sats })),
  /** What the next plan would pay. */
  due: z.strictObject({ accounts: z.int(), amount_sats: Sats }),
  /** Owed and not yet due: below the threshold, held. */
  waiting: z.strictObject({ accounts: z.int(), amount_sats: Sats }),
  /** The pool's own: available, and what of it the next plan would pay out. */
  fees: z.strictObject({ available_sats: Sats, due_sats: Sats }),
  held_accounts: z.int(),
  /** What the pool knows that it may spend now, and what is still ripening or on its way. */
  wallet: z.strictObject({ spendable_sats: Sats, outputs: z.int(), coming_sats: Sats, reserved_sats: Sats }),
  /** Sentences about batches that wait or were stopped. */
  troubles: z.array(z.strictObject({ batch_id: z.int(), stopped: z.boolean(), sentence: z.string() })),
});
export type PayoutSummaryDto = z.infer<typeof PayoutSummaryDto>;

/** One payment to one account, made or on its way. */
export const PayoutHistoryDto = z.strictObject({
  batch_id: z.int(),
  state: PayoutBatchState,
  pays: PayoutBatchPays,
  account_id: z.int(),
  address: z.string(),
  amount_sats: Sats,
  fee_part_sats: Sats,
  paid_sats: Sats,
  planned_at_ms: UnixMs,
  broadcast_at_ms: UnixMs.nullable(),
  confirmed_at_ms: UnixMs.nullable(),
  txid: z.string().nullable(),
  confirmations: z.int(),
});
export type PayoutHistoryDto = z.infer<typeof PayoutHistoryDto>;

export const PayoutHoldDto = z.strictObject({
  account_id: z.int(),
  address: z.string(),
  reason: z.string(),
  placed_by: z.string(),
  placed_at_ms: UnixMs,
  released_by: z.string().nullable(),
  released_at_ms: UnixMs.nullable(),
});
export type PayoutHoldDto = z.infer<typeof PayoutHoldDto>;

/** Where a balance comes from: one block, one window of shares, or one correction. */
export const BalanceSourceDto = z.strictObject({
  entry_id: z.string(),
  at_ms: UnixMs,
  cause: z.string(),
  /** Part of the balance that is explained by it. */
  amount_sats: Sats,
  block_hash: z.string().nullable(),
  block_height: z.int().nullable(),
  block_state: z.string().nullable(),
  block_reward_sats: Sats.nullable(),
  /** The account's part of the block's reward, 0 to 1. */
  block_part: z.number().nullable(),
  block_confirmations: z.int().nullable(),
  block_maturity_confirmations: z.int().nullable(),
  /** Key of the share window or correction; null for a block. */
  cause_key: z.string().nullable(),
  reason: z.string().nullable(),
});
export type BalanceSourceDto = z.infer<typeof BalanceSourceDto>;

export const AccountPayoutDto = z.strictObject({
  account_id: z.int(),
  address: z.string(),
  pending_sats: Sats,
  available_sats: Sats,
  paying_sats: Sats,
  paid_sats: Sats,
  threshold_sats: Sats,
  threshold_is_own: z.boolean(),
  hold: PayoutHoldDto.nullable(),
  /** What the next plan would do with it, as a sentence. */
  next: z.string(),
  pending: z.array(BalanceSourceDto),
  available: z.array(BalanceSourceDto),
  /** True when there are more sources than were listed. */
  more: z.boolean(),
  payouts: z.array(PayoutHistoryDto),
});
export type AccountPayoutDto = z.infer<typeof AccountPayoutDto>;

export const PayoutBatchesQuery = z.strictObject({
  state: PayoutBatchState.nullable().default(null),
  page: z.int().min(1).max(100_000).default(1),
  page_size: z.int().min(1).max(200).default(50),
});
export const PayoutBatchesPage = z.strictObject({ total: z.int(), rows: z.array(PayoutBatchDto) });
export type PayoutBatchesPage = z.infer<typeof PayoutBatchesPage>;

export const PayoutPaymentsQuery = z.strictObject({
  /** A part of an address or the beginning of a txid. */
  q: z
    .string()
    .max(128)
    .regex(/^[0-9A-Za-z]*$/, "must be letters and digits: a part of an address or of a transaction's id")
    .default(""),
  page: z.int().min(1).max(100_000).default(1),
  page_size: z.int().min(1).max(200).default(50),
});
export type PayoutPaymentsQuery = z.infer<typeof PayoutPaymentsQuery>;
export const PayoutPaymentsPage = z.strictObject({ total: z.int(), rows: z.array(PayoutHistoryDto) });
export type PayoutPaymentsPage = z.infer<typeof PayoutPaymentsPage>;

const Id = z.int().min(1).max(2_147_483_647);
const Reason = z
  .string()
  .trim()
  .min(1, "must say why")
  .max(500)
  .refine((text) => !text.includes("\0"), "must not contain NUL");
const ExcludedAccounts = z.array(Id).max(10_000).default([]);

/** Leaves the pool's own fees out of this plan. */
const WithoutFees = z.boolean().default(false);

export const PayoutPlanQuery = z.strictObject({ excluded_account_ids: ExcludedAccounts, without_fees: WithoutFees });
export const PayoutBatchQuery = z.strictObject({ batch_id: Id });
export const PayoutAccountQuery = z.strictObject({ account_id: Id });
export const CreatePayoutsInput = z.strictObject({
  /** Made anew for each plan: sent again, it plans nothing and answers with what was planned. */
  plan_key: z.string().regex(/^[0-9A-Za-z-]{8,64}$/, "must be 8 to 64 letters, digits and dashes"),
  /** The sum that was looked at. */
  expected_total_sats: Sats.min(1),
  excluded_account_ids: ExcludedAccounts,
  without_fees: WithoutFees,
  note: Reason.nullable().default(null),
});
export const CreatedPayoutsDto = z.strictObject({
  made: z.boolean(),
  batch_ids: z.array(z.int()),
  total_sats: Sats,
  approvals_required: z.int(),
});
export const ApprovePayoutInput = z.strictObject({
  batch_id: Id,
  /** The sum that was looked at. */
  amount_sats: Sats.min(1),
});
export const ApprovedPayoutDto = z.strictObject({ approved: z.boolean(), approvals: z.int(), approvals_required: z.int() });
export const ExcludePayoutInput = z.strictObject({ batch_id: Id, account_id: Id, reason: Reason });
export const DecidePayoutInput = z.strictObject({ batch_id: Id, reason: Reason });
export const HoldInput = z.strictObject({ account_id: Id, reason: Reason });
export const UploadPsbtInput = z.strictObject({
  batch_id: Id,
  /** Base64. */
  psbt: z.string().min(1, "must not be empty").max(5_500_000),
});
export const BumpPayoutInput = z.strictObject({
  batch_id: Id,
  /** Satoshis a virtual byte. */
  fee_rate: z.number().positive().max(10_000),
});
export const PsbtDto = z.strictObject({
  transaction_id: z.int(),
  attempt: z.int(),
  psbt: z.string(),
  unsigned_txid: z.string(),
});
export const TxidDto = z.strictObject({ txid: z.string() });
