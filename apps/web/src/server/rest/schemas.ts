/** What the public API answers. Counts are since the pool process began, unless a field says otherwise; nothing names a miner. */
import { BlockState, Count, Hashrate, Network, PartHealth, Sats, ShareCounts, UnixMs } from "@otedama/shared";
import { z } from "zod";
import { COUNTERS } from "../counters.ts";

const HashrateWindows = z.strictObject({ m1: Hashrate, m15: Hashrate, h1: Hashrate }).meta({
  id: "HashrateWindows",
  description: "Hashes a second over the last minute, 15 minutes and hour, from accepted shares.",
});
const Shares = ShareCounts.meta({ id: "ShareCounts", description: "Shares by result." });
const Health = PartHealth.meta({
  id: "PartHealth",
  description: "One part that the pool depends on, since when, and why in words.",
});
const NetworkFigures = z
  .strictObject({ height: Count.meta({ description: "Height of the block being mined." }), difficulty: z.number() })
  .meta({ id: "NetworkFigures" });
const Blocks = z
  .strictObject({ found: Count, pending: Count, confirmed: Count, orphaned: Count, rejected: Count })
  .meta({ id: "BlockCounts", description: "Blocks by state, of all time." });

export const ApiError = z
  .strictObject({
    code: z.string().meta({ description: "For programs.", example: "not_found" }),
    message: z.string().meta({ description: "For people." }),
    field: z.string().optional().meta({ description: "The part of the request that is wrong." }),
  })
  .meta({ id: "Error" });

const OverallStatus = z.enum(["ok", "degraded"]).meta({ description: "degraded: some part is away; `parts` says which." });

export const HealthAnswer = z
  .strictObject({ status: OverallStatus, database: PartHealth.shape.state, pool: PartHealth.shape.state })
  .meta({ id: "Health" });
export type HealthAnswer = z.infer<typeof HealthAnswer>;

export const StatusAnswer = z
  .strictObject({
    status: OverallStatus,
    version: z.string(),
    network: Network,
    started_at_ms: UnixMs,
    uptime_s: z.number().min(0),
    parts: z.strictObject({ database: Health, pool: Health, node: Health }),
    counters: z.record(z.enum(COUNTERS), Count).meta({
      description: "What the control plane counted since it began. The pool's own metrics are Prometheus's, on its own port.",
    }),
  })
  .meta({ id: "Status" });
export type StatusAnswer = z.infer<typeof StatusAnswer>;

export const StatsAnswer = z
  .strictObject({
    at_ms: UnixMs,
    hashrate_hps: HashrateWindows.nullable().meta({ description: "null while no pool is connected." }),
    workers_online: Count.nullable(),
    shares: Shares.nullable(),
    blocks: Blocks.nullable().meta({ description: "null until the database has answered once." }),
    network: NetworkFigures.nullable(),
    agents: z
      .strictObject({ total: Count, mining: Count, offline: Count, hashrate_hps: Hashrate })
      .meta({ description: "Rigs with Otedama's agent, as they measure themselves." }),
  })
  .meta({ id: "Stats" });
export type StatsAnswer = z.infer<typeof StatsAnswer>;

export const PoolStatsAnswer = z
  .strictObject({
    at_ms: UnixMs,
    connected: z.boolean(),
    hashrate_hps: HashrateWindows.nullable(),
    workers_online: Count.nullable(),
    workers_total: Count.nullable(),
    accounts_total: Count.nullable(),
    network: NetworkFigures.nullable(),
    round: z
      .strictObject({
        started_at_ms: UnixMs,
        effort: z.number().meta({ description: "Work since the last block / expected work." }),
      })
      .nullable(),
    next_block_s: z
      .strictObject({ mean: z.number(), p05: z.number(), p95: z.number() })
      .nullable()
      .meta({ description: "Expected seconds to the next block with the 5 % and 95 % quantiles; null without hashrate." }),
    luck: z
      .strictObject({ blocks: Count, value: z.number() })
      .nullable()
      .meta({ description: "Found / expected over that many last blocks; above 1 is lucky." }),
    blocks: Blocks.nullable(),
    last_block: z
      .strictObject({
        hash: z.string(),
        height: Count,
        state: BlockState,
        found_at_ms: UnixMs,
        effort: z.number(),
        reward_sats: Sats,
      })
      .nullable(),
  })
  .meta({ id: "PoolStats" });
export type PoolStatsAnswer = z.infer<typeof PoolStatsAnswer>;

export const StratumStatsAnswer = z
  .strictObject({
    at_ms: UnixMs,
    connected: z.boolean(),
    connections: Count.nullable(),
    workers_online: Count.nullable(),
    shares: Shares.nullable(),
    share_answer_ms: z.strictObject({ p50: z.number(), p99: z.number() }).nullable(),
    template_to_last_notify_ms: z.number().nullable(),
    job: z
      .strictObject({ height: Count, transactions: Count, reward_sats: Sats, fees_sats: Sats, template_at_ms: UnixMs })
      .nullable(),
  })
  .meta({ id: "StratumStats" });
export type StratumStatsAnswer = z.infer<typeof StratumStatsAnswer>;

export const StatsFrame = StatsAnswer.extend({ type: z.literal("stats") }).meta({ id: "StatsFrame" });
export type StatsFrame = z.infer<typeof StatsFrame>;
