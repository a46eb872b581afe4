import type { PayoutPolicy } from "@otedama/shared";

export type FeeDecision = { fee_rate: number } | { wait: string };

/** What a node relays when it has no idea of the network's fees. */
const RELAY_MIN = 1;

/** The rate to offer, or why a payout waits. Pure; rates in satoshis a virtual byte, `estimate` null where no node has one. */
export function decideFeeRate(estimate: number | null, policy: PayoutPolicy): FeeDecision {
  const asked = estimate ?? RELAY_MIN;
  if (asked > policy.fee_rate_max) {
    return {
      wait: `The network asks ${asked.toFixed(1)} sat/vB, and the policy offers at most ${policy.fee_rate_max}: it goes on when fees have come down, or fee_rate_max is raised.`,
    };
  }
  return { fee_rate: Math.max(asked, policy.fee_rate_min, RELAY_MIN) };
}

/** The rate of a fee bump; null when the policy leaves no room for one. It is above the last one by what nodes ask of a replacement. */
export function decideBumpRate(estimate: number | null, last_rate: number, policy: PayoutPolicy): number | null {
  const wanted = Math.max(estimate ?? 0, last_rate * 1.25, last_rate + 1);
  const rate = Math.min(wanted, policy.fee_rate_max);
  return rate >= last_rate + 1 ? rate : null;
}
