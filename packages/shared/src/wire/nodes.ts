/** One chain node as a pool instance sees it; part of the pool's snapshot. */
import { z } from "zod";
import { Count, UnixMs } from "./common.ts";

/** Serving: its template is mined now. Ready: it could serve. Unfit: it answers and must not be mined on. Away: it does not answer. */
export const NODE_STATES = ["serving", "ready", "unfit", "away", "unknown"] as const;
export const NodeState = z.enum(NODE_STATES);
export type NodeState = z.infer<typeof NodeState>;

/** By which of the ways that stand side by side a new tip was heard of. */
export const TIP_SIGNALS = ["zmq", "long_poll", "poll"] as const;
export const TipSignal = z.enum(TIP_SIGNALS);
export type TipSignal = z.infer<typeof TipSignal>;

const Hash = z.string().length(64);

export const NodeReport = z.strictObject({
  /** Host and port of its RPC. */
  name: z.string().max(300),
  state: NodeState,
  /** Since when it has been in this state; `serving` and `ready` count as one. */
  since_ms: UnixMs,
  /** Why it is not mined on, in words; or what is odd about it while it is. */
  message: z.string().max(500).nullable(),
  /** What it said of itself last, whether it is fit or not; null before its first answer. */
  chain: z
    .strictObject({
      name: z.string().max(40),
      blocks: Count,
      headers: Count.nullable(),
      best_hash: Hash,
      version: z.string().max(120).nullable(),
      peers: Count.nullable(),
      mempool_transactions: Count.nullable(),
    })
    .nullable(),
  /** Its clock against this machine's, from its templates: positive is ahead. */
  clock_skew_s: z.number().nullable(),
  template: z
    .strictObject({
      received_at_ms: UnixMs,
      height: Count,
      prev_hash: Hash,
      transactions: Count,
      fees_sats: Count,
      empty: z.boolean(),
    })
    .nullable(),
  /** Of its short answers, over the last two minutes or so. */
  latency_ms: z.strictObject({ p50: z.number().min(0), p95: z.number().min(0) }).nullable(),
  /** Blocks that the best node is ahead of it. */
  blocks_behind: Count.nullable(),
  tips: z.strictObject({
    /** New tips that it told before any other node, and all that it told while it was watched. */
    first: Count,
    told: Count,
    /** Behind the first node to tell, for the newest tip and in the middle over the last hundred. */
    lag_ms_last: z.number().min(0).nullable(),
    lag_ms_p50: z.number().min(0).nullable(),
    /** Which way brought the news of its tips first. */
    by: z.strictObject({ zmq: Count, long_poll: Count, poll: Count }),
    last_by: TipSignal.nullable(),
  }),
  zmq: z.enum(["off", "connecting", "connected"]),
  /** Notices of the publisher that never came, by the gaps in its numbering. */
  zmq_missed: Count,
  errors: Count,
  last_error: z.strictObject({ at_ms: UnixMs, message: z.string().max(500) }).nullable(),
});
export type NodeReport = z.infer<typeof NodeReport>;
