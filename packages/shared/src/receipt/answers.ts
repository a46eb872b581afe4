/** A receipt as the API writes it, and as the checks read it. */
import { bytesToHex, hexToBytes } from "../bitcoin/bytes.ts";
import type { ReceiptDto, ReceiptInclusionDto, ReceiptNodeDto } from "../dto/miners.ts";
import type { Inclusion, ReceiptHead } from "./receipt.ts";
import { ReceiptError, type TreeNode } from "./tree.ts";

export function writeTreeNode(node: TreeNode): ReceiptNodeDto {
  return {
    hash: bytesToHex(node.hash),
    shares: node.shares.toString(),
    pooled_hashes: node.pooled_hashes.toString(),
    solo_hashes: node.solo_hashes.toString(),
  };
}

/** Throws a ReceiptError for what is no receipt. */
export function readReceipt(receipt: ReceiptDto): { head: ReceiptHead; digest: string } {
  return {
    digest: receipt.digest,
    head: {
      block_hash: receipt.block_hash,
      instance_id: receipt.instance_id,
      previous_digest: receipt.previous_digest,
      first_sequence: integer(receipt.first_sequence),
      last_sequence: integer(receipt.last_sequence),
      leaves: receipt.leaves,
      root: readTreeNode(receipt.root),
    },
  };
}

/** Throws a ReceiptError for what is no proof. */
export function readInclusion(inclusion: ReceiptInclusionDto): Inclusion {
  const { address, solo, shares, work_hashes, chain } = inclusion.leaf;
  return {
    index: inclusion.index,
    leaf: { address, solo, shares: integer(shares), work_hashes: integer(work_hashes), chain: digest(chain) },
    siblings: inclusion.siblings.map(readTreeNode),
  };
}

function readTreeNode(node: ReceiptNodeDto): TreeNode {
  return {
    hash: digest(node.hash),
    shares: integer(node.shares),
    pooled_hashes: integer(node.pooled_hashes),
    solo_hashes: integer(node.solo_hashes),
  };
}

function integer(text: string): bigint {
  if (!/^\d{1,78}$/.test(text)) throw new ReceiptError(`${text.slice(0, 20)} is not a whole number`);
  return BigInt(text);
}

function digest(hex: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new ReceiptError("a hash has 64 hexadecimal digits");
  return hexToBytes(hex);
}
