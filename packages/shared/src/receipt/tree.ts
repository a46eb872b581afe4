/**
 * The Merkle-sum tree of a receipt. Leaves are accounts in the order of their addresses; a node carries, beside its hash, how many
 * accepted shares and how much work lie under it, and its hash commits to the sums of both children. So the root fixes the total
 * that a reward was divided by: whoever sees its own leaf counted also sees that the total holds exactly what all leaves hold.
 *
 * The shape is RFC 6962's: pairs from the left, and a node without a partner rises as it is. Every hash begins with a tag of its own
 * kind, so that no leaf can pass for a node (RFC 6962, section 2.1, on second preimages). docs/architecture/receipts.md has the bytes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ByteWriter } from "./bytes.ts";

/** Work of shares that the pool's scheme pays, apart from work of workers that mine for themselves alone. */
export interface Sums {
  shares: bigint;
  pooled_hashes: bigint;
  solo_hashes: bigint;
}

export interface TreeNode extends Sums {
  /** 32 bytes. */
  hash: Uint8Array;
}

export interface ReceiptLeaf {
  /** Payout address, as the pool writes it. */
  address: string;
  /** The account's workers that log in with m=solo have a leaf of their own. */
  solo: boolean;
  shares: bigint;
  work_hashes: bigint;
  /** Of its accepted shares in the order of the log; see `chainShare`. */
  chain: Uint8Array;
}

export class ReceiptError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReceiptError";
  }
}

export const LEAVES_MAX = 2 ** 24;
const SHARES_MAX = (1n << 64n) - 1n;
const WORK_MAX = (1n << 256n) - 1n;

/** Throws a ReceiptError for what no receipt may hold. */
export function leafNode(leaf: ReceiptLeaf): TreeNode {
  const address = addressBytes(leaf.address);
  checkSums(leaf.shares, leaf.work_hashes);
  if (leaf.chain.length !== 32) throw new ReceiptError("a leaf's digest of its shares has 32 bytes");
  const bytes = new ByteWriter(8 + 1 + 1 + address.length + 8 + 32 + 32)
    .tag("leaf")
    .u8(leaf.solo ? 1 : 0)
    .u8(address.length)
    .bytes(address)
    .uint(leaf.shares, 8)
    .uint(leaf.work_hashes, 32)
    .bytes(leaf.chain);
  return {
    hash: sha256(bytes.done()),
    shares: leaf.shares,
    pooled_hashes: leaf.solo ? 0n : leaf.work_hashes,
    solo_hashes: leaf.solo ? leaf.work_hashes : 0n,
  };
}

/** Throws a ReceiptError when the sums no longer fit. */
export function joinNodes(left: TreeNode, right: TreeNode): TreeNode {
  const sums: Sums = {
    shares: left.shares + right.shares,
    pooled_hashes: left.pooled_hashes + right.pooled_hashes,
    solo_hashes: left.solo_hashes + right.solo_hashes,
  };
  const bytes = writeNode(writeNode(new ByteWriter(8 + 2 * NODE_BYTES).tag("node"), left), right);
  checkSums(sums.shares, sums.pooled_hashes);
  checkSums(0n, sums.solo_hashes);
  return { hash: sha256(bytes.done()), ...sums };
}

/** hash 32, shares 8, pooled work 32, solo work 32. */
export const NODE_BYTES = 104;

export function writeNode(writer: ByteWriter, node: TreeNode): ByteWriter {
  return writer.bytes(node.hash).uint(node.shares, 8).uint(node.pooled_hashes, 32).uint(node.solo_hashes, 32);
}

/** Root of a list of nodes that stand on one level. Throws a ReceiptError when there is none. */
export function rootOf(nodes: readonly TreeNode[]): TreeNode {
  let level = nodes;
  while (level.length > 1) level = raise(level);
  const root = level[0];
  if (!root) throw new ReceiptError("a tree has at least one leaf");
  return root;
}

/** The level above. */
function raise(level: readonly TreeNode[]): TreeNode[] {
  const above: TreeNode[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as TreeNode;
    const right = level[i + 1];
    above.push(right ? joinNodes(left, right) : left);
  }
  return above;
}

/** Nodes beside the way from a node to the root, lowest first; a level where it has no partner adds none. */
export function proofOf(nodes: readonly TreeNode[], index: number): TreeNode[] {
  const siblings: TreeNode[] = [];
  let level = nodes;
  for (let at = index; level.length > 1; at >>= 1, level = raise(level)) {
    const sibling = level[at ^ 1];
    if (sibling) siblings.push(sibling);
  }
  return siblings;
}

/** The root that a leaf and its proof lead to. Throws a ReceiptError when the proof does not fit a tree of so many leaves. */
export function climb(leaf: TreeNode, index: number, leaves: number, siblings: readonly TreeNode[]): TreeNode {
  if (!Number.isInteger(leaves) || leaves < 1 || leaves > LEAVES_MAX)
    throw new ReceiptError("the number of leaves is out of range");
  if (!Number.isInteger(index) || index < 0 || index >= leaves) throw new ReceiptError("the leaf's place is outside the tree");
  let node = leaf;
  let used = 0;
  for (let at = index, width = leaves; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue;
    const sibling = siblings[used++];
    if (!sibling) throw new ReceiptError("the proof is too short for its tree");
    if (sibling.hash.length !== 32) throw new ReceiptError("a hash has 32 bytes");
    node = at & 1 ? joinNodes(sibling, node) : joinNodes(node, sibling);
  }
  if (used !== siblings.length) throw new ReceiptError("the proof is too long for its tree");
  return node;
}

export function addressBytes(address: string): Uint8Array {
  const bytes = new TextEncoder().encode(address);
  if (bytes.length < 1 || bytes.length > 255) throw new ReceiptError("an address has 1 to 255 bytes");
  return bytes;
}

function checkSums(shares: bigint, work: bigint): void {
  if (shares < 0n || shares > SHARES_MAX) throw new ReceiptError("a count of shares is out of range");
  if (work < 0n || work > WORK_MAX) throw new ReceiptError("a sum of work is out of range");
}
