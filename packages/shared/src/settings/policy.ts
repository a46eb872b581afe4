/**
 * What the pool charges, how it shares out a block, and when it pays. A version of it is a row of `pool_policy`; the newest one holds,
 * and each block remembers the version it was shared out by. The settings file makes the first version; people change it in the browser.
 */
import { z } from "zod";

export const PAYOUT_SCHEMES = ["solo", "pplns", "prop", "pps", "fpps"] as const;
export type PayoutScheme = (typeof PAYOUT_SCHEMES)[number];

const Percent = z.number().min(0).max(100);
const Sats = z.int().min(0).max(2_100_000_000_000_000);
const Address = z.string().min(1).max(128);
const Difficulty = z.number().positive().max(1e15);
/** Satoshis a virtual byte. */
const FeeRate = z.number().min(0).max(10_000);

export const PayoutPolicy = z
  .strictObject({
    /** Batches are planned by themselves; a person can always plan one. */
    scheduled: z.boolean(),
    every_hours: z
      .int()
      .min(1)
      .max(24 * 31),
    /** What an account without a threshold of its own must be owed. */
    threshold_sats: Sats.min(546),
    /** The lowest threshold that a miner may set. */
    threshold_min_sats: Sats.min(546),
    fee_payer: z.enum(["pool", "miners"]),
    fee_rate_min: FeeRate,
    /** A batch waits while the network asks for more. */
    fee_rate_max: FeeRate.min(1),
    /** Blocks in which a payout should be mined: what the node is asked for its estimate. */
    fee_target_blocks: z.int().min(1).max(1008),
    outputs_max: z.int().min(1).max(2_500),
    /** Batches up to this amount go without anybody's approval. */
    unattended_max_sats: Sats,
    /** Batches above this amount need two people. */
    four_eyes_above_sats: Sats,
    /** Depth at which a payout counts as made. */
    confirmations: z.int().min(1).max(1000),
    /** A transaction that is not mined after this time is offered a fee bump; 0: never by itself. */
    bump_after_minutes: z
      .int()
      .min(0)
      .max(14 * 1440),
  })
  .refine((payouts) => payouts.fee_rate_min <= payouts.fee_rate_max, {
    path: ["fee_rate_max"],
    message: "must not be below fee_rate_min",
  })
  .refine((payouts) => payouts.threshold_min_sats <= payouts.threshold_sats, {
    path: ["threshold_min_sats"],
    message: "must not be above threshold_sats",
  })
  .refine((payouts) => payouts.unattended_max_sats <= payouts.four_eyes_above_sats, {
    path: ["four_eyes_above_sats"],
    message: "must not be below unattended_max_sats",
  });
export type PayoutPolicy = z.infer<typeof PayoutPolicy>;

export const PoolPolicy = z
  .strictObject({
    scheme: z.enum(PAYOUT_SCHEMES),
    /** Grants `m=solo` in a login's password. */
    solo_allowed: z.boolean(),
    fee_percent: z.strictObject({ solo: Percent, pplns: Percent, prop: Percent, pps: Percent, fpps: Percent }),
    /** Accounts that pay no fee. */
    fee_exempt_addresses: z.array(Address).max(1000),
    /** A part of each reward for somebody else, taken after the fee. */
    donation: z.strictObject({ address: Address, percent: Percent }).nullable(),
    /** Part of each reward that goes to the finder first (PPLNS and PROP). */
    finder_bonus_percent: Percent,
    /** In units of network difficulty. */
    pplns_window: z.number().positive().max(1000),
    /** Printable ASCII written into every coinbase. */
    coinbase_text: z.string().regex(/^[\x20-\x7e]{0,40}$/, "must be at most 40 printable ASCII characters"),
    difficulty: z
      .strictObject({ initial: Difficulty, min: Difficulty, max: Difficulty, target_time_s: z.number().min(0.1).max(600) })
      .refine((difficulty) => difficulty.min <= difficulty.initial && difficulty.initial <= difficulty.max, {
        path: ["initial"],
        message: "must lie between min and max",
      }),
    payouts: PayoutPolicy,
    /** Corrections of the ledger above this amount need a second person. */
    correction_four_eyes_above_sats: Sats,
  })
  .refine((policy) => (policy.donation?.percent ?? 0) + policy.finder_bonus_percent + policy.fee_percent[policy.scheme] <= 100, {
    path: ["finder_bonus_percent"],
    message: "fee, donation and finder bonus together are above 100 percent",
  });
export type PoolPolicy = z.infer<typeof PoolPolicy>;
