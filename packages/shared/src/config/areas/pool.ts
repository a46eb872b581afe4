import { z } from "zod";
import { PAYOUT_SCHEMES } from "../../settings/policy.ts";
import { notBuilt, Percentage } from "../values.ts";

const feeOf = (scheme: string) => Percentage.optional().meta({ default_text: "`fee_percentage`" }).describe(`Fee of ${scheme}.`);

export const p2p_pool = z
  .strictObject({
    enabled: notBuilt(false, "The peer-to-peer pool is not built yet").describe("Share this pool with other nodes."),
    name: z.string().min(1).max(64).default("Otedama").describe("The pool's name, as miners and visitors see it."),
    fee_percentage: Percentage.default(1).describe("The operator's part of each block; 0 in mode `solo`."),
    fee_percentages: z
      .strictObject({
        solo: feeOf("SOLO"),
        pplns: feeOf("PPLNS"),
        prop: feeOf("PROP"),
        pps: feeOf("PPS, which stays in the reserve"),
        fpps: feeOf("FPPS, which stays in the reserve"),
      })
      .prefault({})
      .describe("Fees of single schemes."),
    fee_exempt_addresses: z
      .array(z.string().min(1).max(128))
      .max(1000)
      .default([])
      .describe("Accounts that pay no fee: their part of it goes to themselves."),
    donation_percentage: Percentage.default(0).describe("Part of each block for somebody else."),
    donation_address: z.string().min(1).max(128).optional().describe("Whose it is."),
    finder_bonus_percentage: Percentage.default(0).describe(
      "Part of each block that goes to its finder first, under PPLNS and PROP.",
    ),
    payout_address: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ default_text: "on regtest, one made at the first start" })
      .describe("Where blocks pay to. The pool never has its key."),
    coinbase_text: z
      .string()
      .regex(/^[\x20-\x7e]{0,40}$/, "must be at most 40 printable ASCII characters")
      .default("/Otedama/")
      .describe("Written into every block."),
    payout_scheme: z
      .enum(PAYOUT_SCHEMES)
      .default("pplns")
      .describe(
        "How miners are paid: `solo` to the finder, `pplns` by the work of a window, `prop` by the work since the block before, `pps` and `fpps` for each share.",
      ),
    solo_allowed: z.boolean().default(true).describe("Let miners choose SOLO for themselves with `m=solo` in the password."),
    pplns_window: z
      .number()
      .positive()
      .max(1000)
      .default(2)
      .describe("Work that shares a block, in units of network difficulty."),
    maturity_confirmations: z
      .int()
      .min(1)
      .max(1000)
      .default(100)
      .describe("Confirmations after which a block's reward may be spent."),
    receipt_days: z
      .int()
      .min(1)
      .max(3650)
      .default(30)
      .describe(
        "Days for which the shares behind a block's receipt are kept, so that miners can check them. Receipts are kept for ever.",
      ),
    receipt_shares_max: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(20_000_000)
      .describe("Shares that are kept for one block, 40 bytes each; beyond them a receipt holds the sums alone."),
    bucket_days: z
      .int()
      .min(3)
      .max(3650)
      .default(7)
      .describe(
        "Days for which each worker's shares are kept in steps of ten seconds. Older ones are kept by account for as long as a payout window may begin among them, and in sums of hours and days.",
      ),
  })
  .prefault({})
  .describe("The pool: what it pays, and to whom.");
