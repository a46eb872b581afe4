/**
 * A tree of many leaves, kept so that a proof costs little: the nodes that stand over each 256 leaves. A proof then needs the 256
 * leaves of its own part and these.
 */
import { ByteWriter } from "./bytes.ts";
import { leafNode, NODE_BYTES, proofOf, ReceiptError, type ReceiptLeaf, rootOf, type TreeNode, writeNode } from "./tree.ts";

/** Leaves under one kept node; a power of two. */
export const SUBTREE_LEAVES = 256;

/** Nodes over each `SUBTREE_LEAVES` leaves, in order. */
export function subtreesOf(leaves: readonly ReceiptLeaf[]): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = 0; at < leaves.length; at += SUBTREE_LEAVES) {
    nodes.push(rootOf(leaves.slice(at, at + SUBTREE_LEAVES).map(leafNode)));
  }
  return nodes;
}

/** Proof of a leaf from the leaves of its own part and the kept nodes. */
export function storedProof(part: readonly ReceiptLeaf[], index: number, subtrees: readonly TreeNode[]): TreeNode[] {
  const within = proofOf(part.map(leafNode), index % SUBTREE_LEAVES);
  return [...within, ...proofOf(subtrees, Math.floor(index / SUBTREE_LEAVES))];
}

export function packNodes(nodes: readonly TreeNode[]): Uint8Array {
  const writer = new ByteWriter(nodes.length * NODE_BYTES);
  for (const node of nodes) writeNode(writer, node);
  return writer.done();
}

/** Throws a ReceiptError for bytes that are no nodes. */
export function unpackNodes(bytes: Uint8Array): TreeNode[] {
  if (bytes.length % NODE_BYTES !== 0) throw new ReceiptError("these are not whole nodes");
  const nodes: TreeNode[] = [];
  for (let at = 0; at < bytes.length; at += NODE_BYTES) {
    nodes.push({
      hash: bytes.slice(at, at + 32),
      shares: uint(bytes.subarray(at + 32, at + 40)),
      pooled_hashes: uint(bytes.subarray(at + 40, at + 72)),
      solo_hashes: uint(bytes.subarray(at + 72, at + 104)),
    });
  }
  return nodes;
}

function uint(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
