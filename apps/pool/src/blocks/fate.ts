/**
 * A found block's state, from what the node's chain shows. Pure.
 *
 * On the chain is what counts, whatever a node said when the block was handed in: hashes by height are compared, since nodes differ in what
 * they say of a block beside the chain.
 */
import type { BlockState } from "@otedama/db/pool";

export interface Seen {
  tip_height: number;
  /** The chain's block at the height of ours; null when the chain is not that long. */
  hash_at_height: string | null;
  /** The nodes' verdict on the submission; null while there is none. */
  outcome: { accepted: boolean; note: string | null } | null;
}

export interface Fate {
  state: BlockState;
  confirmations: number;
  note: string | null;
}

export interface FateOptions {
  maturity_confirmations: number;
  /** Another block at our height is believed once it has this many confirmations. */
  orphan_depth: number;
}

export function blockFate(block: { hash: string; height: number } & Fate, seen: Seen, options: FateOptions): Fate {
  const depth = seen.tip_height - block.height + 1;
  if (seen.hash_at_height === block.hash) {
    const confirmations = Math.min(depth, options.maturity_confirmations);
    return { state: confirmations >= options.maturity_confirmations ? "confirmed" : "pending", confirmations, note: null };
  }
  if (block.state === "orphaned" || block.state === "rejected") return block;
  if (block.state === "found" && seen.outcome && !seen.outcome.accepted) {
    return { state: "rejected", confirmations: 0, note: seen.outcome.note };
  }
  if (seen.hash_at_height !== null && depth >= options.orphan_depth && (block.state !== "found" || seen.outcome)) {
    return { state: "orphaned", confirmations: 0, note: `replaced by ${seen.hash_at_height}` };
  }
  // A node that went back a few blocks may be about to return: nothing is decided yet.
  return { state: block.state === "confirmed" ? "pending" : block.state, confirmations: 0, note: block.note };
}
