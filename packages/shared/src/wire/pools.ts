/**
 * Namespace `/pools` of the hub. The pool connects out with `auth: PoolHello`.
 * Pool → hub: `snapshot` (PoolSnapshot, volatile, every second), `event` (PoolEvent, acknowledged).
 * What must not be lost (blocks, shares, credits) is in PostgreSQL; this channel only makes screens live.
 */
import { z } from "zod";
import { CHAIN_NODES_MAX } from "../settings/pool.ts";
import { Count, Hashrate, ShareCounts, UnixMs } from "./common.ts";
import { NodeReport } from "./nodes.ts";

export const PoolHello = z.strictObject({
  protocol: z.int(),
  token: z.string().min(16).max(256),
  instance_id: z.string().max(32),
  version: z.string().max(64),
});
export type PoolHello = z.infer<typeof PoolHello>;

/** One dependency of the pool, as a person would want it said. */
export const PartHealth = z.strictObject({
  state: z.enum(["ok", "degraded", "down"]),
  since_ms: UnixMs,
  message: z.string().max(500).nullable(),
});
export type PartHealth = z.infer<typeof PartHealth>;

export const PoolSnapshot = z.strictObject({
  at_ms: UnixMs,
  started_at_ms: UnixMs,
  /** The version of the policy that its next job goes by; null while it goes by the settings file, and from an older pool. */
  policy_version: z.int().min(1).nullable().default(null),
  hashrate_hps: z.strictObject({ m1: Hashrate, m15: Hashrate, h1: Hashrate }),
  /** Where miners connect to, by whatever name this machine has; null until the pool listens. */
  stratum_port: z.int().min(1).max(65_535).nullable(),
  connections: Count,
  workers_online: Count,
  shares: ShareCounts,
  job: z
    .strictObject({
      height: Count,
      prev_hash: z.string().length(64),
      network_difficulty: z.number().min(0),
      transactions: Count,
      reward_sats: Count,
      fees_sats: Count,
      template_at_ms: UnixMs,
    })
    .nullable(),
  round: z.strictObject({
    started_at_ms: UnixMs,
    /** Accepted work since the last block, in expected hashes. */
    work_hashes: z.number().min(0),
    /** work / expected work: 1 is average luck. */
    effort: z.number().min(0),
  }),
  /** All chain nodes taken together. */
  node: PartHealth,
  nodes: z.array(NodeReport).max(CHAIN_NODES_MAX),
  /** Templates that were not made into jobs, because what the coinbase would claim is not what the block may pay. */
  refused_jobs: z.strictObject({
    count: Count,
    last: z.strictObject({ at_ms: UnixMs, message: z.string().max(500) }).nullable(),
  }),
  database: PartHealth,
  /** Share records written to the log and not yet in PostgreSQL. */
  accounting_lag_records: Count,
  share_answer_ms: z.strictObject({ p50: z.number().min(0), p99: z.number().min(0) }),
  template_to_last_notify_ms: z.number().min(0).nullable(),
  cpu_usage_percent: z.number().min(0),
});
export type PoolSnapshot = z.infer<typeof PoolSnapshot>;

export const PoolEvent = z.strictObject({
  at_ms: UnixMs,
  kind: z.enum([
    "block_found",
    "block_confirmed",
    "block_orphaned",
    "block_rejected",
    "node_down",
    "node_up",
    "database_down",
    "database_up",
    "new_tip",
    "payout_sent",
    "payout_settled",
    "payout_waiting",
    "payout_stopped",
  ]),
  /** Block hash, node address or height: what the event is about. */
  subject: z.string().max(200),
  message: z.string().max(500),
});
export type PoolEvent = z.infer<typeof PoolEvent>;
