import { z } from "zod";
import { FeeRate, Sats } from "../values.ts";

/** Above this two people approve a payout, unless it is set: a chain of one's own pays blocks of 50 coins. */
export const FOUR_EYES_ABOVE_SATS = { regtest: 100_000_000_000, other: 1_000_000_000 };

export const payouts = z
  .strictObject({
    scheduled: z.boolean().default(true).describe("Plan payouts by themselves; a person can always plan one."),
    every_hours: z
      .int()
      .min(1)
      .max(24 * 31)
      .default(24)
      .describe("Hours between two planned payouts."),
    threshold_sats: Sats.min(546)
      .default(100_000)
      .describe("What an account must be owed to be paid, unless it set its own threshold."),
    min_threshold_sats: Sats.min(546).default(10_000).describe("The lowest threshold that a miner may set."),
    fee_payer: z.enum(["pool", "miners"]).default("pool").describe("Who pays the network's fee."),
    min_fee_rate: FeeRate.default(1).describe("Lowest fee, in satoshis a virtual byte."),
    max_fee_rate: FeeRate.min(1)
      .default(100)
      .describe("Highest fee, in satoshis a virtual byte; payouts wait while the network asks for more."),
    fee_target_blocks: z.int().min(1).max(1008).default(12).describe("Blocks in which a payout should be mined."),
    max_outputs: z.int().min(1).max(2_500).default(500).describe("Payees of one transaction."),
    unattended_max_sats: Sats.optional()
      .meta({ default_text: "0; on regtest `four_eyes_above_sats`" })
      .describe("Payouts up to this amount go without anybody's approval."),
    four_eyes_above_sats: Sats.optional()
      .meta({ default_text: "1000000000; on regtest 100000000000" })
      .describe("Payouts above this amount need two people."),
    corrections_four_eyes_above_sats: Sats.default(10_000_000).describe(
      "Corrections of the ledger above this amount need a second person.",
    ),
    confirmations: z.int().min(1).max(1000).default(6).describe("Confirmations after which a payout counts as made."),
    bump_after_minutes: z
      .int()
      .min(0)
      .max(14 * 1440)
      .default(360)
      .describe("Minutes after which a payout that is not mined is offered a higher fee; 0 never does."),
    fee_address: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe("Where the pool's own fees are paid out to, by batches of their own. Without it they stay in the pool's wallet."),
    fee_threshold_sats: Sats.min(10_000)
      .default(1_000_000)
      .describe("Fees from which on they are paid out, beyond `payouts.fee_keep_sats`."),
    fee_keep_sats: Sats.default(100_000).describe("Fees that are kept back, for the network's fees where the pool pays them."),
  })
  .prefault({})
  .describe("When miners are paid, and by whose leave. The dashboard can change it; what was changed last holds.");
