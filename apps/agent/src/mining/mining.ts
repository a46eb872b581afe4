/** The native miner and the pool's connection brought together: jobs in, shares out, and the numbers of both. */
import { Miner, type MinerCounters, type MinerJob, type Share } from "@otedama/native";
import { bigintToWire, difficultyToTarget, hashToDifficulty, SHARE_RESULTS, type ShareCounts } from "@otedama/shared";
import type { StratumClient, StratumJob, SubmitResult } from "@otedama/stratum";
import { HashrateMeter, type Hashrates } from "./hashrate_meter.ts";
import { PoolLink, type PoolLinkOptions, type PoolLinkState } from "./pool_link.ts";

export interface MiningOptions extends PoolLinkOptions {
  threads: number;
  nice: number;
}

export interface JudgedShare {
  result: SubmitResult;
  difficulty: number;
}

/** Told what a person watching would want to know. */
export interface MiningObserver {
  pool(state: PoolLinkState): void;
  /** A job came; `difficulty` is the pool's, when it changed. */
  job(job: StratumJob): void;
  share(share: JudgedShare): void;
  notice(level: "info" | "warn", text: string): void;
}

export interface MiningFigures {
  pool: PoolLinkState;
  difficulty: number | null;
  latency_ms: number | null;
  shares: ShareCounts;
  unanswered: number;
  last_share_at_ms: number | null;
  hashrate_hps: Hashrates;
  counters: MinerCounters;
}

const SAMPLE_MS = 1_000;
/**
 * A difficulty so low that shares come faster than the pool answers: mining rests until it has caught up, for more shares in flight
 * would be worth nothing and might be taken for an attack.
 */
const IN_FLIGHT_MAX = 256;
const IN_FLIGHT_RESUME = 64;

export class Mining {
  readonly #observers: readonly MiningObserver[];
  readonly #miner: Miner;
  readonly #link: PoolLink;
  readonly #meter = new HashrateMeter();
  readonly #shares = Object.fromEntries(SHARE_RESULTS.map((result) => [result, 0])) as ShareCounts;
  readonly #sampler: NodeJS.Timeout;
  #job: { client: StratumClient; job: StratumJob; number: number } | null = null;
  #job_number = 0;
  #in_flight = 0;
  #resting = false;
  #unanswered = 0;
  #latency_ms: number | null = null;
  #last_share_at_ms: number | null = null;
  #pool: PoolLinkState = { state: "connecting", pool: null, message: null };

  constructor(options: MiningOptions, dependencies: { random: () => number; observers: readonly MiningObserver[] }) {
    this.#observers = dependencies.observers;
    this.#miner = new Miner({ threads: options.threads, nice: options.nice }, { onShare: (share) => this.#found(share) });
    this.#link = new PoolLink(options, {
      random: dependencies.random,
      onJob: (job) => this.#take(job),
      onIdle: () => this.#idle(),
      onState: (state) => {
        this.#pool = state;
        for (const observer of this.#observers) observer.pool(state);
      },
      onNotice: (level, text) => {
        for (const observer of this.#observers) observer.notice(level, text);
      },
    });
    this.#sample();
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  start(): void {
    this.#link.start();
  }

  stop(): void {
    clearInterval(this.#sampler);
    this.#miner.pause();
    this.#link.stop();
    this.#miner.stop();
  }

  figures(): MiningFigures {
    return {
      pool: this.#pool,
      difficulty: this.#job?.job.difficulty ?? null,
      latency_ms: this.#latency_ms,
      shares: { ...this.#shares },
      unanswered: this.#unanswered,
      last_share_at_ms: this.#last_share_at_ms,
      hashrate_hps: this.#meter.rates(),
      counters: this.#miner.counters(),
    };
  }

  #take(job: StratumJob): void {
    const { client } = this.#link;
    if (!client) return;
    // Two pools may use the same job ids, so the miner is given numbers of our own.
    this.#job_number += 1;
    this.#job = { client, job, number: this.#job_number };
    this.#recent.set(String(this.#job_number), { client, job_id: job.job_id });
    for (const number of [...this.#recent.keys()].slice(0, -RECENT_JOBS)) this.#recent.delete(number);
    if (!this.#resting) this.#miner.setJob(minerJob(job, this.#job_number));
    for (const observer of this.#observers) observer.job(job);
  }

  /** The last few jobs given to the miner, by number: a share may be found just as the next job arrives. */
  readonly #recent = new Map<string, { client: StratumClient; job_id: string }>();

  #idle(): void {
    this.#job = null;
    this.#miner.pause();
  }

  #found(share: Share): void {
    const job = this.#recent.get(share.job_id);
    const submitted = job ? this.#link.submit(job.client, { ...share, job_id: job.job_id }) : null;
    // Its connection is gone, and no other pool has a use for it.
    if (submitted === null) return;
    this.#last_share_at_ms = Date.now();
    this.#in_flight += 1;
    if (this.#in_flight >= IN_FLIGHT_MAX && !this.#resting) {
      this.#resting = true;
      this.#miner.pause();
    }
    void submitted.then((result) => this.#judged({ result, difficulty: hashToDifficulty(share.hash) }));
  }

  #judged(share: JudgedShare): void {
    this.#in_flight -= 1;
    if (share.result.result === "unanswered") {
      this.#unanswered += 1;
    } else {
      this.#shares[share.result.result] += 1;
      this.#latency_ms = share.result.latency_ms;
    }
    if (this.#resting && this.#in_flight <= IN_FLIGHT_RESUME) {
      this.#resting = false;
      if (this.#job) this.#miner.setJob(minerJob(this.#job.job, this.#job.number));
    }
    for (const observer of this.#observers) observer.share(share);
  }

  #sample(): void {
    const { thread_hashes } = this.#miner.counters();
    this.#meter.record(
      thread_hashes.reduce((sum, hashes) => sum + hashes, 0),
      performance.now(),
    );
  }
}

const RECENT_JOBS = 16;

function minerJob(job: StratumJob, number: number): MinerJob {
  const { clean: _clean, difficulty, ...work } = job;
  return { ...work, job_id: String(number), share_target: bigintToWire(difficultyToTarget(difficulty)) };
}
