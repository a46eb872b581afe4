/** What PPS and FPPS risk, for a person who has to put money behind it; the maths is in payouts/risk.ts. */
import { z } from "zod";
import { PAYOUT_SCHEMES } from "../settings/policy.ts";

const Probability = z.number().min(0).max(1);
/** Negative when luck was bad. */
const Sats = z.int();

export const SchemeRiskDto = z.strictObject({
  fee_percent: z.number().min(0).max(100),
  /** What the pool keeps of a block on average, as a part of it; negative where it pays more than it earns. */
  edge: z.number(),
  blocks_per_day: z.number().min(0),
  income_sats_per_day: z.number(),
  deviation_sats_per_day: z.number().min(0),
  variance_sats2_per_day: z.number().min(0),
  ruin_probability: Probability,
  ruin_probability_30_days: Probability,
  reserve_1_percent_sats: z.int().nullable(),
  reserve_01_percent_sats: z.int().nullable(),
});
export type SchemeRiskDto = z.infer<typeof SchemeRiskDto>;

export const ReserveRiskDto = z.strictObject({
  /** The scheme that is run, and the policy's version that says so; null before there is one. */
  scheme: z.enum(PAYOUT_SCHEMES).nullable(),
  policy_version: z.int().nullable(),
  reserve_available_sats: Sats,
  reserve_pending_sats: Sats,
  /** Of the shares of windows that are not paid yet. */
  due_sats: Sats,
  subsidy_sats: Sats,
  /** Average of the pool's own last blocks, or the current template's before there is one. */
  fees_sats: Sats,
  orphan_percent: z.number().min(0).max(100),
  /** Settled blocks that `orphan_percent` is of. */
  settled_blocks: z.int().min(0),
  pool_hashrate_hps: z.number().min(0),
  network_difficulty: z.number().min(0),
  pps: SchemeRiskDto,
  fpps: SchemeRiskDto,
});
export type ReserveRiskDto = z.infer<typeof ReserveRiskDto>;
