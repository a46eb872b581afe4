/**
 * What a block may pay, worked out here and compared with what the node says: the subsidy by height and the fees of the template's
 * transactions. A job that claims more would be refused by the network after the work was done; one that claims less burns money.
 */
import type { Network } from "@otedama/shared";
import type { Template } from "./template.ts";

/** Bitcoin Core's kernel/chainparams.cpp, `nSubsidyHalvingInterval`. */
export const HALVING_INTERVAL_BLOCKS: Record<Network, number> = { main: 210_000, test: 210_000, signet: 210_000, regtest: 150 };

const FIRST_SUBSIDY_SATS = 50n * 100_000_000n;
/** A shift by 64 bits or more is undefined where the rule comes from: the subsidy is zero from there on. */
const HALVINGS_MAX = 64;

/** Of the block at this height (Bitcoin Core's `GetBlockSubsidy`). */
export function subsidySats(height: number, halving_interval_blocks: number): bigint {
  const halvings = Math.floor(height / halving_interval_blocks);
  return halvings >= HALVINGS_MAX ? 0n : FIRST_SUBSIDY_SATS >> BigInt(halvings);
}

/** Null where the node's figure is the one of the rules; else a sentence. */
export function rewardFault(
  template: Pick<Template, "height" | "coinbasevalue_sats" | "fees_sats">,
  halving_interval_blocks: number,
): string | null {
  const subsidy_sats = subsidySats(template.height, halving_interval_blocks);
  const allowed_sats = subsidy_sats + template.fees_sats;
  if (template.coinbasevalue_sats === allowed_sats) return null;
  const side = template.coinbasevalue_sats > allowed_sats ? "more" : "less";
  return (
    `The template for block ${template.height} gives the coinbase ${template.coinbasevalue_sats} sats, which is ${side} than the subsidy of ` +
    `${subsidy_sats} and the fees of ${template.fees_sats}: a node of another chain, or one with rules of its own.`
  );
}
