import { PoolPolicy } from "@otedama/shared";

/** A policy for tests: PPLNS at one percent, every share of one difficulty. */
export function poolPolicy(change: Partial<PoolPolicy> = {}): PoolPolicy {
  return PoolPolicy.parse({
    scheme: "pplns",
    solo_allowed: true,
    fee_percent: { solo: 1, pplns: 1, prop: 1, pps: 1, fpps: 1 },
    fee_exempt_addresses: [],
    donation: null,
    finder_bonus_percent: 0,
    pplns_window: 2,
    coinbase_text: "/otedama test/",
    difficulty: { initial: 1, min: 1, max: 1_000_000, target_time_s: 1 },
    payouts: {
      scheduled: false,
      every_hours: 24,
      threshold_sats: 100_000,
      threshold_min_sats: 10_000,
      fee_payer: "pool",
      fee_rate_min: 1,
      fee_rate_max: 100,
      fee_target_blocks: 6,
      outputs_max: 500,
      unattended_max_sats: 0,
      four_eyes_above_sats: 1_000_000_000,
      confirmations: 6,
      bump_after_minutes: 360,
      fee_payout: null,
    },
    correction_four_eyes_above_sats: 1_000_000,
    ...change,
  });
}
