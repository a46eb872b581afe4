/**
 * The native half: SHA-256d kernels and the miner (C++ behind Node-API). Byte arrays are in wire order, as hashed, unless a name
 * says otherwise.
 */
import { native } from "./addon.ts";

export * from "./engine.ts";
export * from "./features.ts";
export * from "./gpu.ts";
export * from "./miner.ts";

/** One digest, by the portable path. */
export const sha256 = (message: Uint8Array): Uint8Array => native.sha256(message);
export const sha256d = (message: Uint8Array): Uint8Array => native.sha256d(message);

/** Double SHA-256 of block headers (80 bytes each, one after another): their digests, one after another, by the active batch kernels. */
export const sha256dMany80 = (headers: Uint8Array): Uint8Array => native.sha256dMany80(headers);
/** The same for pairs of Merkle nodes (64 bytes each). */
export const sha256dMany64 = (pairs: Uint8Array): Uint8Array => native.sha256dMany64(pairs);
/**
 * Merkle roots: what each node (32 bytes, one after another) becomes on its way up along `branches` (32 bytes a level, from the leaf
 * up), the node always standing left. All nodes climb along the same branches, together.
 */
export const merkleClimbMany = (nodes: Uint8Array, branches: Uint8Array): Uint8Array => native.merkleClimbMany(nodes, branches);
/** Double SHA-256 of `prefix` followed by each of the tails (`tail_bytes` each); the prefix's whole blocks are hashed once. */
export const sha256dTails = (prefix: Uint8Array, tails: Uint8Array, tail_bytes: number): Uint8Array =>
  native.sha256dTails(prefix, tails, tail_bytes);
/**
 * The same with a `suffix` behind what varies (`hole_bytes` each), the message schedules of whose whole blocks are made once: how
 * coinbases are hashed.
 */
export const sha256dHoles = (prefix: Uint8Array, holes: Uint8Array, hole_bytes: number, suffix: Uint8Array): Uint8Array =>
  native.sha256dHoles(prefix, holes, hole_bytes, suffix);

/**
 * Hands the pages of the executable that only the start needed, and free heap, back to the system. What is used again comes from the
 * page cache: call it once, when the start is over. Returns how many bytes of the program were let go of, used or not.
 */
export const releaseResident = (): number => native.releaseResident();
