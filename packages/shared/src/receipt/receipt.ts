/**
 * A receipt: what one pool instance logged from the record after its previous block to a block's own record, committed to by
 * one digest. The digest names the block, the instance, the stretch of the log and the receipt before it, so that a tree cannot be shown
 * again for another block and no receipt can be taken out of the row.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "../bitcoin/bytes.ts";
import { ByteWriter } from "./bytes.ts";
import { emptyTally, type Tally, tallyShares } from "./shares.ts";
import { addressBytes, climb, leafNode, NODE_BYTES, ReceiptError, type ReceiptLeaf, type TreeNode, writeNode } from "./tree.ts";

export interface ReceiptHead {
  /** Display order, hex. */
  block_hash: string;
  instance_id: string;
  /** Digest of the instance's receipt before this one, hex; 64 zeros for its first. */
  previous_digest: string;
  /** Of the first and the last record of any kind in the stretch. */
  first_sequence: bigint;
  last_sequence: bigint;
  leaves: number;
  root: TreeNode;
}

export const NO_PREVIOUS = "00".repeat(32);

/** Hex. Throws a ReceiptError or a RangeError for what is no receipt. */
export function receiptDigest(head: ReceiptHead): string {
  const instance = addressBytes(head.instance_id);
  const bytes = new ByteWriter(8 + 32 + 1 + instance.length + 32 + 8 + 8 + 4 + NODE_BYTES)
    .tag("receipt")
    .bytes(hash(head.block_hash, "block hash"))
    .u8(instance.length)
    .bytes(instance)
    .bytes(hash(head.previous_digest, "digest of the receipt before"))
    .uint(head.first_sequence, 8)
    .uint(head.last_sequence, 8)
    .uint(BigInt(head.leaves), 4);
  return bytesToHex(sha256(writeNode(bytes, head.root).done()));
}

export interface Inclusion {
  index: number;
  leaf: ReceiptLeaf;
  /** Lowest first. */
  siblings: TreeNode[];
}

/** Throws a ReceiptError that says what does not fit. */
export function checkInclusion(head: ReceiptHead, digest: string, inclusion: Inclusion): void {
  const root = climb(leafNode(inclusion.leaf), inclusion.index, head.leaves, inclusion.siblings);
  if (!sameNode(root, head.root)) {
    const why = sameBytes(root.hash, head.root.hash) ? "the sums on the way differ" : "the leaf is not in it";
    throw new ReceiptError(`the proof does not lead to the receipt's root: ${why}`);
  }
  if (receiptDigest(head) !== digest) throw new ReceiptError("the receipt's parts do not give its digest");
}

/** Checks an account's own shares against its leaf, as they come in. */
export class ShareCheck {
  readonly #leaf: ReceiptLeaf;
  #tally: Tally;

  constructor(leaf: ReceiptLeaf) {
    this.#leaf = leaf;
    this.#tally = emptyTally(leaf.address, leaf.solo);
  }

  get tally(): Tally {
    return this.#tally;
  }

  add(packed: Uint8Array): void {
    this.#tally = tallyShares(this.#tally, packed);
  }

  /** Throws a ReceiptError that says what does not fit. */
  finish(): void {
    const { shares, work_hashes, chain } = this.#tally;
    if (shares !== this.#leaf.shares)
      throw new ReceiptError(`the receipt counts ${this.#leaf.shares} shares, ${shares} are there`);
    if (work_hashes !== this.#leaf.work_hashes) {
      throw new ReceiptError(`the receipt counts ${this.#leaf.work_hashes} hashes of work, the shares make ${work_hashes}`);
    }
    if (!sameBytes(chain, this.#leaf.chain)) throw new ReceiptError("the shares are not the ones that the receipt commits to");
  }
}

function sameNode(a: TreeNode, b: TreeNode): boolean {
  return (
    sameBytes(a.hash, b.hash) && a.shares === b.shares && a.pooled_hashes === b.pooled_hashes && a.solo_hashes === b.solo_hashes
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function hash(hex: string, what: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new ReceiptError(`the ${what} has 64 hexadecimal digits`);
  return hexToBytes(hex);
}
