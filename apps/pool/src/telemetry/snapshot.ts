/** The pool in one message, each second. */
import type { EngineSession, EngineStats } from "@otedama/native/engine-types";
import {
  type NodeReport,
  type PartHealth,
  type PoolSnapshot,
  SHARE_RESULTS,
  type ShareCounts,
  workHashes,
} from "@otedama/shared";
import type { Job } from "../work/job.ts";
import { type EngineHistogram, quantile } from "./histogram.ts";

export interface SnapshotDependencies {
  stats: () => EngineStats;
  sessions: () => EngineSession[];
  workerOf: (id: number) => number;
  rates: () => { m1: number; m15: number; h1: number };
  round: () => { started_at_ms: number; work_hashes: number };
  policy_version: () => number | null;
  job: () => Job | null;
  node: () => PartHealth;
  nodes: () => NodeReport[];
  refused_jobs: () => PoolSnapshot["refused_jobs"];
  database: () => PartHealth;
  lag_records: () => number;
  /** Null until the engine listens. */
  stratum_port: () => number | null;
  now_ms: () => number;
  started_at_ms: number;
}

const ANSWER_WINDOW = 60;

export class Snapshots {
  readonly #d: SnapshotDependencies;
  /** Readings of the answer histogram, one a second. */
  readonly #answers: EngineHistogram[] = [];
  #cpu = process.cpuUsage();
  #cpu_at = process.hrtime.bigint();
  #cpu_percent = 0;
  #latest: PoolSnapshot | null = null;

  constructor(dependencies: SnapshotDependencies) {
    this.#d = dependencies;
  }

  get latest(): PoolSnapshot {
    return this.#latest ?? this.take();
  }

  take(): PoolSnapshot {
    const stats = this.#d.stats();
    this.#answers.push(stats.answer_ms);
    if (this.#answers.length > ANSWER_WINDOW) this.#answers.shift();
    const before = this.#answers[0] ?? stats.answer_ms;
    const job = this.#d.job();
    const round = this.#d.round();
    const expected = job ? Number(workHashes(job.network_difficulty)) : 0;
    this.#latest = {
      at_ms: this.#d.now_ms(),
      started_at_ms: this.#d.started_at_ms,
      policy_version: this.#d.policy_version(),
      hashrate_hps: this.#d.rates(),
      stratum_port: this.#d.stratum_port(),
      connections: stats.connections,
      workers_online: new Set(this.#d.sessions().map((session) => this.#d.workerOf(session.worker_id))).size,
      shares: shareCounts(stats),
      job: job && {
        height: job.template.height,
        prev_hash: job.template.prev_hash,
        network_difficulty: job.network_difficulty,
        transactions: job.template.transactions.length,
        reward_sats: Number(job.template.coinbasevalue_sats),
        fees_sats: Number(job.template.fees_sats),
        template_at_ms: job.made_at_ms,
      },
      round: { ...round, effort: expected > 0 ? round.work_hashes / expected : 0 },
      node: this.#d.node(),
      nodes: this.#d.nodes(),
      refused_jobs: this.#d.refused_jobs(),
      database: this.#d.database(),
      accounting_lag_records: this.#d.lag_records(),
      share_answer_ms: {
        p50: quantile(before, stats.answer_ms, 0.5),
        p99: quantile(before, stats.answer_ms, 0.99),
      },
      template_to_last_notify_ms: stats.notify_ms.last,
      cpu_usage_percent: this.#cpuPercent(),
    };
    return this.#latest;
  }

  /** Of one core, since the last reading; the engine's threads are counted in. */
  #cpuPercent(): number {
    const at = process.hrtime.bigint();
    const elapsed_us = Number(at - this.#cpu_at) / 1000;
    if (elapsed_us < 200_000) return this.#cpu_percent;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    this.#cpu_at = at;
    this.#cpu_percent = Math.round(((user + system) / elapsed_us) * 1000) / 10;
    return this.#cpu_percent;
  }
}

export function shareCounts(stats: EngineStats): ShareCounts {
  return Object.fromEntries(SHARE_RESULTS.map((result, index) => [result, stats.shares[index] ?? 0])) as ShareCounts;
}
