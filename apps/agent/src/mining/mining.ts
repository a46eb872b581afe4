/** The native miner and the pool's connection brought together: jobs in, shares out, and the numbers of both. */
import { Miner, type MinerCounters, type MinerJob, type Share } from "@otedama/native";
import { bigintToWire, difficultyToTarget, hashToDifficulty, type ShareCounts } from "@otedama/shared/agent";
import type { StratumClient, StratumJob, SubmitResult } from "@otedama/stratum";
import type { Hashrates } from "./hashrate_meter.ts";
import { PoolLink, type PoolLinkOptions, type PoolLinkState } from "./pool_link.ts";
import { Tally } from "./tally.ts";

export interface MiningOptions extends PoolLinkOptions {
  threads: number;
  nice: number;
}

export interface MiningDependencies {
  random: () => number;
  observers: readonly MiningObserver[];
  /** What is counted; handed on when mining is set up anew, so that the counts go on. */
  tally?: Tally;
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
  /** Since the process started, over every set-up of the miner. */
  hashes: number;
  hardware_errors: number;
  /** It has work, is not held, and does not wait for the pool to answer: hashes should be counted. */
  searching: boolean;
}

const SAMPLE_MS = 1_000;
/**
 * A difficulty so low that shares come faster than the pool answers: mining rests until it has caught up, for more shares in flight
 * would be worth nothing and might be taken for an attack.
 */
const IN_FLIGHT_MAX = 256;
const IN_FLIGHT_RESUME = 64;

export class Mining {
  readonly #options: MiningOptions;
  readonly #random: () => number;
  readonly #observers: readonly MiningObserver[];
  readonly #miner: Miner;
  readonly #tally: Tally;
  #link: PoolLink | null = null;
  readonly #sampler: NodeJS.Timeout;
  #job: { client: StratumClient; job: StratumJob; number: number } | null = null;
  #job_number = 0;
  #in_flight = 0;
  #resting = false;
  #pool: PoolLinkState = { state: "stopped", pool: null, message: null };

  constructor(options: MiningOptions, dependencies: MiningDependencies) {
    this.#options = options;
    this.#random = dependencies.random;
    this.#observers = dependencies.observers;
    this.#tally = dependencies.tally ?? new Tally();
    this.#miner = new Miner({ threads: options.threads, nice: options.nice }, { onShare: (share) => this.#found(share) });
    this.#tally.adopt(this.#miner.counters());
    this.#sample();
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Connects and mines; nothing where it does already. */
  start(): void {
    if (this.#link) return;
    this.#link = new PoolLink(this.#options, {
      random: this.#random,
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
    this.#link.start();
  }

  /** Leaves the pool and lets the threads sleep, until `start`. The reason is what the state says meanwhile. */
  pause(reason: string): void {
    this.#idle();
    const link = this.#link;
    this.#link = null;
    link?.stop();
    this.#pool = { state: "stopped", pool: null, message: reason };
  }

  /** 1 … 100 percent of the time. */
  setIntensity(percent: number): void {
    this.#miner.setIntensity(percent);
  }

  stop(): void {
    clearInterval(this.#sampler);
    this.#miner.pause();
    this.#link?.stop();
    this.#miner.stop();
    this.#sample();
  }

  figures(): MiningFigures {
    const counters = this.#miner.counters();
    return {
      pool: this.#pool,
      difficulty: this.#job?.job.difficulty ?? null,
      ...this.#tally.figures(counters),
      counters,
      searching: this.#job !== null && !this.#resting,
    };
  }

  #take(job: StratumJob): void {
    const client = this.#link?.client;
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
    const submitted = job ? this.#link?.submit(job.client, { ...share, job_id: job.job_id }) : null;
    // Its connection is gone, and no other pool has a use for it.
    if (!submitted) return;
    this.#tally.found();
    this.#in_flight += 1;
    if (this.#in_flight >= IN_FLIGHT_MAX && !this.#resting) {
      this.#resting = true;
      this.#miner.pause();
    }
    void submitted.then((result) => this.#judged({ result, difficulty: hashToDifficulty(share.hash) }));
  }

  #judged(share: JudgedShare): void {
    this.#in_flight -= 1;
    this.#tally.judged(share.result);
    if (this.#resting && this.#in_flight <= IN_FLIGHT_RESUME) {
      this.#resting = false;
      if (this.#job) this.#miner.setJob(minerJob(this.#job.job, this.#job.number));
    }
    for (const observer of this.#observers) observer.share(share);
  }

  #sample(): void {
    this.#tally.sample(this.#miner.counters(), performance.now());
  }
}

const RECENT_JOBS = 16;

function minerJob(job: StratumJob, number: number): MinerJob {
  const { clean: _clean, difficulty, ...work } = job;
  return { ...work, job_id: String(number), share_target: bigintToWire(difficultyToTarget(difficulty)) };
}
