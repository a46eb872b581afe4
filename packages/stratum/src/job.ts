import type { NotifyParams } from "./messages.ts";

/** A pool's job with everything that was in force when it arrived. Byte arrays are in wire order, as hashed. */
export interface StratumJob {
  job_id: string;
  prev_hash: Uint8Array;
  coinbase_prefix: Uint8Array;
  coinbase_suffix: Uint8Array;
  extranonce1: Uint8Array;
  extranonce2_size: number;
  /** 32 bytes each, from the coinbase up. */
  merkle_branches: Uint8Array;
  version: number;
  version_mask: number;
  nbits: number;
  ntime: number;
  /** Work for older jobs is worthless from now on. */
  clean: boolean;
  difficulty: number;
}

export interface JobContext {
  extranonce1: Uint8Array;
  extranonce2_size: number;
  version_mask: number;
  difficulty: number;
}

/** The previous block's hash travels as eight words whose bytes are each reversed. */
export function decodePrevHash(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex").swap32());
}

export function encodePrevHash(prev_hash: Uint8Array): string {
  return Buffer.from(prev_hash).swap32().toString("hex");
}

export function decodeJob(params: NotifyParams, context: JobContext): StratumJob {
  const [job_id, prev_hash, coinbase_prefix, coinbase_suffix, branches, version, nbits, ntime, clean] = params;
  return {
    job_id,
    prev_hash: decodePrevHash(prev_hash),
    coinbase_prefix: bytesOf(coinbase_prefix),
    coinbase_suffix: bytesOf(coinbase_suffix),
    merkle_branches: bytesOf(branches.join("")),
    version: Number.parseInt(version, 16),
    nbits: Number.parseInt(nbits, 16),
    ntime: Number.parseInt(ntime, 16),
    clean,
    ...context,
  };
}

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
/** A 32-bit number as the eight hex digits that Stratum writes. */
export const hex32 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
