import type { ShareResult } from "@otedama/shared";
import { hex32, hexOf } from "./job.ts";
import type { WireError } from "./messages.ts";

export interface FoundShare {
  job_id: string;
  extranonce2: Uint8Array;
  ntime: number;
  nonce: number;
  /** Rolled bits inside the mask; null when nothing was rolled. */
  version_bits: number | null;
}

/** What became of a share. `unanswered`: nobody knows; the pool may or may not have counted it. */
export type SubmitResult =
  | { result: "accepted"; latency_ms: number }
  | { result: Exclude<ShareResult, "accepted">; latency_ms: number; code: number; reason: string }
  | { result: "unanswered"; latency_ms: number; reason: string };

/** `mining.submit [user, job, extranonce2, ntime, nonce, version_bits?]` */
export function submitParams(user: string, share: FoundShare): string[] {
  const params = [user, share.job_id, hexOf(share.extranonce2), hex32(share.ntime), hex32(share.nonce)];
  return share.version_bits === null ? params : [...params, hex32(share.version_bits)];
}

/** Stratum's codes; pools that answer plain `false` or another code are read as refusing the share for a reason of their own. */
export function resultOfCode(code: number): Exclude<ShareResult, "accepted"> {
  switch (code) {
    case 21:
      return "stale";
    case 22:
      return "duplicate";
    case 23:
      return "low_difficulty";
    case 24:
    case 25:
      return "unauthorized";
    default:
      return "invalid";
  }
}

export function submitResult(result: unknown, error: WireError | null, latency_ms: number): SubmitResult {
  if (error === null && result === true) return { result: "accepted", latency_ms };
  const { code, message } = error ?? { code: 20, message: "refused without a reason" };
  return { result: resultOfCode(code), latency_ms, code, reason: message };
}
