/**
 * Accepted shares as a receipt commits to them: 40 bytes each, which are bytes 8 to 47 of the share log's record, little-endian:
 *
 * 0 u64 time ms, 8 u32 worker id, 12 u32 job number, 16 f64 job difficulty, 24 f64 share difficulty, 32 u64 sequence.
 *
 * The digest of an account's shares is a chain, so that it can be carried on share by share without keeping any of them.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { workHashes } from "../bitcoin/difficulty.ts";
import { ByteWriter } from "./bytes.ts";
import { addressBytes, ReceiptError } from "./tree.ts";

export const RECEIPT_SHARE_BYTES = 40;

export interface ReceiptShare {
  at_ms: number;
  worker_id: number;
  job_number: number;
  /** What the share was judged by: its work is that of this difficulty. */
  difficulty: number;
  share_difficulty: number;
  sequence: bigint;
}

export function packShare(share: ReceiptShare, into: Uint8Array, at: number): void {
  const view = new DataView(into.buffer, into.byteOffset + at, RECEIPT_SHARE_BYTES);
  view.setBigUint64(0, BigInt(share.at_ms), true);
  view.setUint32(8, share.worker_id, true);
  view.setUint32(12, share.job_number, true);
  view.setFloat64(16, share.difficulty, true);
  view.setFloat64(24, share.share_difficulty, true);
  view.setBigUint64(32, share.sequence, true);
}

export function unpackShare(bytes: Uint8Array, at: number): ReceiptShare {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, RECEIPT_SHARE_BYTES);
  return {
    at_ms: Number(view.getBigUint64(0, true)),
    worker_id: view.getUint32(8, true),
    job_number: view.getUint32(12, true),
    difficulty: view.getFloat64(16, true),
    share_difficulty: view.getFloat64(24, true),
    sequence: view.getBigUint64(32, true),
  };
}

/** Where an account's chain begins. */
export function chainStart(address: string, solo: boolean): Uint8Array {
  const text = addressBytes(address);
  const bytes = new ByteWriter(8 + 1 + 1 + text.length)
    .tag("chain_start")
    .u8(solo ? 1 : 0)
    .u8(text.length)
    .bytes(text);
  return sha256(bytes.done());
}

export interface Tally {
  shares: bigint;
  work_hashes: bigint;
  chain: Uint8Array;
}

/** Carries a tally on over packed shares. Throws a ReceiptError for bytes that are no shares. */
export function tallyShares(before: Tally, packed: Uint8Array): Tally {
  if (packed.length % RECEIPT_SHARE_BYTES !== 0) throw new ReceiptError("these are not whole shares");
  const head = new ByteWriter(8).tag("share").done();
  const link = new Uint8Array(8 + 32 + RECEIPT_SHARE_BYTES);
  link.set(head, 0);
  let { chain, work_hashes } = before;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  // Few difficulties come over and over.
  let difficulty = Number.NaN;
  let work = 0n;
  for (let at = 0; at < packed.length; at += RECEIPT_SHARE_BYTES) {
    link.set(chain, 8);
    link.set(packed.subarray(at, at + RECEIPT_SHARE_BYTES), 40);
    chain = sha256(link);
    const judged_by = view.getFloat64(at + 16, true);
    if (judged_by !== difficulty) {
      if (!(judged_by > 0 && Number.isFinite(judged_by)))
        throw new ReceiptError("a share's difficulty is a finite number above 0");
      difficulty = judged_by;
      work = workHashes(difficulty);
    }
    work_hashes += work;
  }
  return { shares: before.shares + BigInt(packed.length / RECEIPT_SHARE_BYTES), work_hashes, chain };
}

export const emptyTally = (address: string, solo: boolean): Tally => ({
  shares: 0n,
  work_hashes: 0n,
  chain: chainStart(address, solo),
});
