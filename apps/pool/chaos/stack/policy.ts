/** By what rules a run's pool pays, and who mines in it. */
import { PoolPolicy } from "@otedama/shared";
import type { Scenario } from "../schedule.ts";
import { BLOCK_HASHES } from "./chain_pair.ts";
import type { MinerIdentity } from "./miners.ts";

/** A block is some forty shares. */
export const SHARE_DIFFICULTY = BLOCK_HASHES / 40 / 2 ** 32;

/** Regtest addresses of every kind; of no use to anybody. P2WPKH, P2PKH, P2SH, P2TR. */
const ADDRESSES = [
  "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
  "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r",
  "2N7FuwuUuoTBrDFdrAZ9KxBmtqMLxce9i1C",
  "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6",
] as const;
const DONATION_ADDRESS = "2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm";

/** Two workers of one account, three other accounts, and one of these mines for itself. */
export const MINERS: readonly MinerIdentity[] = [
  { address: ADDRESSES[0], name: "one", solo: false },
  { address: ADDRESSES[0], name: "two", solo: false },
  { address: ADDRESSES[1], name: "three", solo: false },
  { address: ADDRESSES[2], name: "four", solo: false },
  { address: ADDRESSES[3], name: "lone", solo: true },
];

export function runPolicy(scenario: Scenario): PoolPolicy {
  return PoolPolicy.parse({
    scheme: scenario.scheme,
    solo_allowed: true,
    fee_percent: { solo: 0.5, pplns: 1, prop: 1.5, pps: 2, fpps: 2.5 },
    fee_exempt_addresses: scenario.exempt ? [ADDRESSES[1]] : [],
    donation: scenario.donation_percent > 0 ? { address: DONATION_ADDRESS, percent: scenario.donation_percent } : null,
    finder_bonus_percent: scenario.finder_bonus_percent,
    pplns_window: scenario.pplns_window,
    coinbase_text: "/chaos/",
    difficulty: { initial: SHARE_DIFFICULTY, min: SHARE_DIFFICULTY / 2, max: 1_000_000, target_time_s: 1 },
    payouts: {
      scheduled: false,
      every_hours: 24,
      threshold_sats: 100_000,
      threshold_min_sats: 10_000,
      // The pool pays the network, so that each account gets what it was owed to the satoshi.
      fee_payer: "pool",
      fee_rate_min: 2,
      fee_rate_max: 100,
      fee_target_blocks: 6,
      outputs_max: 3,
      // Each batch waits for a person.
      unattended_max_sats: 0,
      four_eyes_above_sats: 2_000_000_000_000_000,
      confirmations: scenario.payout_confirmations,
      bump_after_minutes: 0,
    },
    correction_four_eyes_above_sats: 0,
  });
}
