/**
 * What a node's answer to submitblock means (BIP 22). bcoin writes "rejected: " before its reasons.
 */
export type Verdict =
  | { kind: "accepted"; note: string | null }
  | { kind: "rejected"; note: string }
  /** The node does not know the block before it, which may be its own lag: worth asking again. */
  | { kind: "unsure"; note: string };

/** The node has it, though perhaps not on its best chain. */
const HAVING_IT = new Set(["duplicate", "inconclusive", "duplicate-inconclusive"]);
const UNKNOWN_PREVIOUS = new Set(["bad-prevblk", "prev-blk-not-found", "inconclusive-not-best-prevblk", "duplicate-orphan"]);

export function readVerdict(answer: unknown): Verdict {
  if (answer === null) return { kind: "accepted", note: null };
  const reason = String(typeof answer === "string" ? answer : JSON.stringify(answer))
    .replace(/^rejected: /, "")
    .slice(0, 200);
  if (HAVING_IT.has(reason)) return { kind: "accepted", note: reason === "duplicate" ? null : reason };
  if (UNKNOWN_PREVIOUS.has(reason)) return { kind: "unsure", note: reason };
  return { kind: "rejected", note: reason };
}
