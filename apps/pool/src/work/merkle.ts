/** Merkle trees of a block: the branches a miner needs for its own coinbase, and the root over witnesses (BIP 141). */
import { sha256dMany64 } from "@otedama/native";
import { sha256d } from "./bytes.ts";

/**
 * The hashes that lie beside the coinbase on its way to the root, from the bottom up: whatever the coinbase's txid is, hashing it
 * with each of these in turn gives the root. `txids` are those of the other transactions, in wire order. A level is hashed in one
 * go: a full block's tree takes less than a millisecond so.
 */
export function merkleBranches(txids: Uint8Array[]): Buffer[] {
  const branches: Buffer[] = [];
  // The first place of each level is the coinbase's side and not known here.
  let level: Buffer = Buffer.concat(txids);
  while (level.length > 0) {
    branches.push(Buffer.from(level.subarray(0, 32)));
    const others = level.subarray(32);
    // An odd one out is paired with itself.
    const pairs = others.length % 64 === 0 ? others : Buffer.concat([others, others.subarray(-32)]);
    const above = sha256dMany64(pairs);
    level = Buffer.from(above.buffer, above.byteOffset, above.byteLength);
  }
  return branches;
}

export function rootFromBranches(coinbaseTxid: Uint8Array, branches: Uint8Array[]): Buffer {
  let hash: Buffer = Buffer.from(coinbaseTxid);
  for (const branch of branches) hash = sha256d(Buffer.concat([hash, branch]));
  return hash;
}

/** Value of the witness commitment (BIP 141): the coinbase's own place is 32 zero bytes, and so is its reserved value here. */
export function witnessCommitment(wtxids: Uint8Array[]): Buffer {
  const root = rootFromBranches(Buffer.alloc(32), merkleBranches(wtxids));
  return sha256d(Buffer.concat([root, WITNESS_RESERVED_VALUE]));
}

export const WITNESS_RESERVED_VALUE = Buffer.alloc(32);
