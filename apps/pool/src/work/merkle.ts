/** Merkle trees of a block: the branches a miner needs for its own coinbase, and the root over witnesses (BIP 141). */
import { sha256d } from "./bytes.ts";

/**
 * The hashes that lie beside the coinbase on its way to the root, from the bottom up: whatever the coinbase's txid is, hashing it
 * with each of these in turn gives the root. `txids` are those of the other transactions, in wire order.
 */
export function merkleBranches(txids: Uint8Array[]): Buffer[] {
  const branches: Buffer[] = [];
  // The first place of each level is the coinbase's side and not known here.
  let level: Uint8Array[] = txids;
  const pair = Buffer.alloc(64);
  while (level.length > 0) {
    branches.push(Buffer.from(level[0] as Uint8Array));
    const above: Uint8Array[] = [];
    for (let i = 1; i < level.length; i += 2) {
      const left = level[i] as Uint8Array;
      pair.set(left);
      pair.set(level[i + 1] ?? left, 32);
      above.push(sha256d(pair));
    }
    level = above;
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
