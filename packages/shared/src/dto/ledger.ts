/** The ledger as people read it: entries with their postings, and a balance explained by its causes. */
import { z } from "zod";
import { Count, UnixMs } from "../wire/common.ts";

const Sats = z.int();

export const LEDGER_CAUSES = [
  "block_credit",
  "block_mature",
  "block_orphan",
  "share_window",
  "payout",
  "payout_settle",
  "payout_cancel",
  "fee",
  "correction",
] as const;
export const LedgerCause = z.enum(LEDGER_CAUSES);
export type LedgerCause = z.infer<typeof LedgerCause>;

export const LEDGER_KINDS = [
  "coinbase",
  "miner_pending",
  "miner_available",
  "miner_paying",
  "miner_paid",
  "fee_pending",
  "fee_available",
  "fee_paying",
  "fee_paid",
  "reserve_pending",
  "reserve_available",
  "network_fee",
  "operator",
] as const;
export const LedgerKind = z.enum(LEDGER_KINDS);
export type LedgerKind = z.infer<typeof LedgerKind>;

export const LedgerEntryDto = z.strictObject({
  /** Decimal: it may be above 2^53. */
  entry_id: z.string(),
  at_ms: UnixMs,
  cause: LedgerCause,
  /** What caused it: a block's hash, a batch's number … */
  cause_key: z.string(),
  block_hash: z.string().nullable(),
  block_height: Count.nullable(),
  /** Sum of its positive postings. */
  moved_sats: Sats,
  lines: Count,
  /** Who caused it and why, where a person did. */
  person: z.string().nullable(),
  approved_by: z.string().nullable(),
  reason: z.string().nullable(),
});
export type LedgerEntryDto = z.infer<typeof LedgerEntryDto>;

export const LedgerPostingDto = z.strictObject({
  kind: LedgerKind,
  /** Null for the pool's own. */
  account_id: z.int().nullable(),
  address: z.string().nullable(),
  amount_sats: Sats,
});
export type LedgerPostingDto = z.infer<typeof LedgerPostingDto>;

/** Postings shown of one entry, the largest first. */
export const LEDGER_POSTINGS_MAX = 500;
export const LedgerEntryDetailDto = LedgerEntryDto.extend({ postings: z.array(LedgerPostingDto).max(LEDGER_POSTINGS_MAX) });
export type LedgerEntryDetailDto = z.infer<typeof LedgerEntryDetailDto>;

/** A moment in an address bar; null leaves that side open. */
const Moment = UnixMs.max(253_402_300_799_999).nullable().default(null);

export const LedgerQuery = z.strictObject({
  /** An account's whole address. */
  address: z
    .string()
    .max(128)
    .regex(/^[0-9A-Za-z]*$/, "must be a whole address: letters and digits")
    .default(""),
  cause: LedgerCause.nullable().default(null),
  from_ms: Moment,
  to_ms: Moment,
  page: z.int().min(1).max(100_000).default(1),
  page_size: z.int().min(1).max(200).default(50),
});
export type LedgerQuery = z.infer<typeof LedgerQuery>;
export const LedgerEntryQuery = z.strictObject({
  entry_id: z.string().regex(/^[1-9]\d{0,17}$/, "must be a whole number above 0"),
});

export const LedgerSumDto = z.strictObject({ kind: LedgerKind, balance_sats: Sats });
export type LedgerSumDto = z.infer<typeof LedgerSumDto>;
export const LedgerPage = z.strictObject({
  total: Count,
  rows: z.array(LedgerEntryDto),
  /** Of the whole ledger, whatever the filter. */
  sums: z.array(LedgerSumDto),
  /** Sum of every posting; anything but 0 is a fault, shown as one. */
  ledger_sum_sats: Sats,
});
export type LedgerPage = z.infer<typeof LedgerPage>;

/** One of an account's balances, as the sum of what each cause brought to it. */
export const ExplainedBalanceDto = z.strictObject({
  kind: LedgerKind,
  balance_sats: Sats,
  causes: z.array(z.strictObject({ cause: LedgerCause, entries: Count, amount_sats: Sats })),
});
export type ExplainedBalanceDto = z.infer<typeof ExplainedBalanceDto>;
