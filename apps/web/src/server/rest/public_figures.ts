/**
 * The figures behind the public API. Anyone may ask, so an answer costs memory reads only: the totals from the database are kept for a
 * few seconds and fetched once however many ask; while the database is away the last ones stand.
 */
import { type PoolSummary, poolSummary, type Sql } from "@otedama/db/web";
import type { LiveDto, Network, PartHealth, StatisticsDto } from "@otedama/shared";
import { nextBlock } from "@otedama/shared/statistics";
import type { Counters } from "../counters.ts";
import type { HealthAnswer, PoolStatsAnswer, StatsAnswer, StatusAnswer, StratumStatsAnswer } from "./schemas.ts";

/** A pool that has been silent for this long is away. */
const POOL_SILENT_MS = 10_000;

export interface PublicFiguresOptions {
  version: string;
  network: Network;
  summary_ttl_ms: number;
}

export class PublicFigures {
  readonly #options: PublicFiguresOptions;
  readonly #sql: Sql;
  readonly #live: () => LiveDto;
  readonly #statistics: () => Promise<StatisticsDto>;
  readonly #counters: Counters;
  readonly #now: () => number;
  readonly #started_at_ms: number;
  #summary: PoolSummary | null = null;
  #summary_at_ms = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;

  constructor(
    options: PublicFiguresOptions,
    dependencies: {
      sql: Sql;
      live: () => LiveDto;
      statistics: () => Promise<StatisticsDto>;
      counters: Counters;
      now: () => number;
    },
  ) {
    this.#options = options;
    this.#sql = dependencies.sql;
    this.#live = dependencies.live;
    this.#statistics = dependencies.statistics;
    this.#counters = dependencies.counters;
    this.#now = dependencies.now;
    this.#started_at_ms = dependencies.now();
  }

  async health(): Promise<HealthAnswer> {
    const { database, pool, status } = this.#parts();
    return { status, database: database.state, pool: pool.state };
  }

  async status(): Promise<StatusAnswer> {
    const { status, ...parts } = this.#parts();
    return {
      status,
      version: this.#options.version,
      network: this.#options.network,
      started_at_ms: this.#started_at_ms,
      uptime_s: Math.max(0, this.#now() - this.#started_at_ms) / 1000,
      parts,
      counters: this.#counters.read(),
    };
  }

  async stats(): Promise<StatsAnswer> {
    const summary = await this.#freshSummary();
    const { at_ms, pool, agents } = this.#live();
    return {
      at_ms,
      hashrate_hps: pool?.hashrate_hps ?? null,
      workers_online: pool?.workers_online ?? null,
      shares: pool?.shares ?? null,
      blocks: summary?.blocks ?? null,
      network: networkOf(pool),
      agents: { total: agents.total, mining: agents.mining, offline: agents.offline, hashrate_hps: agents.hashrate_hps },
    };
  }

  async poolStats(): Promise<PoolStatsAnswer> {
    const summary = await this.#freshSummary();
    const { at_ms, pool } = this.#live();
    const difficulty = pool?.job?.network_difficulty ?? 0;
    return {
      at_ms,
      connected: pool !== null,
      hashrate_hps: pool?.hashrate_hps ?? null,
      workers_online: pool?.workers_online ?? null,
      workers_total: summary?.workers_total ?? null,
      accounts_total: summary?.accounts_total ?? null,
      network: networkOf(pool),
      round: pool === null ? null : { started_at_ms: pool.round.started_at_ms, effort: pool.round.effort },
      next_block_s: pool === null ? null : nextBlock(pool.hashrate_hps.m15 || pool.hashrate_hps.m1, difficulty),
      luck: summary?.luck ?? null,
      blocks: summary?.blocks ?? null,
      last_block: summary?.last_block ?? null,
    };
  }

  /** Rejects while the database is away. */
  statistics(): Promise<StatisticsDto> {
    return this.#statistics();
  }

  async stratumStats(): Promise<StratumStatsAnswer> {
    const { at_ms, pool } = this.#live();
    const job = pool?.job ?? null;
    return {
      at_ms,
      connected: pool !== null,
      connections: pool?.connections ?? null,
      workers_online: pool?.workers_online ?? null,
      shares: pool?.shares ?? null,
      share_answer_ms: pool?.share_answer_ms ?? null,
      template_to_last_notify_ms: pool?.template_to_last_notify_ms ?? null,
      job: job && {
        height: job.height,
        transactions: job.transactions,
        reward_sats: job.reward_sats,
        fees_sats: job.fees_sats,
        template_at_ms: job.template_at_ms,
      },
    };
  }

  #parts(): { status: "ok" | "degraded"; database: PartHealth; pool: PartHealth; node: PartHealth } {
    const { at_ms, pool: snapshot, pool_seen_at_ms, database } = this.#live();
    const away_since_ms = pool_seen_at_ms ?? this.#started_at_ms;
    const present = snapshot !== null && pool_seen_at_ms !== null && at_ms - pool_seen_at_ms < POOL_SILENT_MS;
    const pool: PartHealth = present
      ? { state: "ok", since_ms: snapshot.started_at_ms, message: null }
      : { state: "down", since_ms: away_since_ms, message: "No pool is connected to the control plane." };
    const node: PartHealth = present
      ? snapshot.node
      : { state: "down", since_ms: away_since_ms, message: "Not known while no pool is connected." };
    const ok = [database, pool, node].every((part) => part.state === "ok");
    return { status: ok ? "ok" : "degraded", database, pool, node };
  }

  async #freshSummary(): Promise<PoolSummary | null> {
    if (this.#now() - this.#summary_at_ms >= this.#options.summary_ttl_ms) {
      this.#fetching ??= poolSummary(this.#sql)
        .then((summary) => {
          this.#summary = summary;
        })
        // The last totals stand; the watch on the database says that it is away.
        .catch(() => {})
        .finally(() => {
          this.#summary_at_ms = this.#now();
          this.#fetching = null;
        });
      await this.#fetching;
    }
    return this.#summary;
  }
}

function networkOf(pool: LiveDto["pool"]): StatsAnswer["network"] {
  return pool?.job ? { height: pool.job.height, difficulty: pool.job.network_difficulty } : null;
}
