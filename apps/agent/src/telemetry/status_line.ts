/** What a person at the terminal reads: a line for each share and event, and the figures every few seconds. */
import { formatDifficulty, formatDuration, formatHashrate } from "@otedama/shared/units";
import type { StratumJob } from "@otedama/stratum";
import type { JudgedShare, MiningFigures, MiningObserver } from "../mining/mining.ts";
import type { PoolLinkState } from "../mining/pool_link.ts";

export interface StatusLineDependencies {
  write: (line: string) => void;
  now: () => Date;
  figures: () => MiningFigures;
}

export class StatusLine implements MiningObserver {
  readonly #dependencies: StatusLineDependencies;
  #difficulty: number | null = null;
  #prev_hash: string | null = null;

  constructor(dependencies: StatusLineDependencies) {
    this.#dependencies = dependencies;
  }

  pool({ state, pool }: PoolLinkState): void {
    if (pool === null) return;
    if (state === "connecting") this.#say(`connecting to ${pool.url} as ${pool.user}`);
    if (state === "waiting") this.#say(`waiting to try ${pool.url} again`);
    if (state === "mining") {
      this.#difficulty = null;
      this.#prev_hash = null;
      this.#say(`mining for ${pool.url}`);
    }
  }

  job(job: StratumJob): void {
    if (job.difficulty !== this.#difficulty) this.#say(`difficulty ${formatDifficulty(job.difficulty)}`);
    this.#difficulty = job.difficulty;
    const prev_hash = Buffer.from(job.prev_hash).toString("hex");
    if (prev_hash !== this.#prev_hash && this.#prev_hash !== null) this.#say("new block on the network");
    this.#prev_hash = prev_hash;
  }

  share({ result, difficulty }: JudgedShare): void {
    const { shares } = this.#dependencies.figures();
    const latency = `${result.latency_ms.toFixed(1)} ms`;
    const facts = `difficulty ${formatDifficulty(difficulty)}  ${latency}`;
    if (result.result === "accepted") this.#say(`accepted #${shares.accepted}  ${facts}`);
    else if (result.result === "unanswered") this.#say(`no answer (${result.reason})  ${facts}`);
    else this.#say(`rejected as ${result.result.replace("_", " ")} (${result.reason})  ${facts}`);
  }

  notice(_level: "info" | "warn", text: string): void {
    this.#say(text);
  }

  /** The periodic line. */
  tick(): void {
    const { hashrate_hps, shares, unanswered, difficulty, pool, counters } = this.#dependencies.figures();
    const rejected = shares.stale + shares.duplicate + shares.low_difficulty + shares.unauthorized + shares.invalid;
    const parts = [
      `${formatHashrate(hashrate_hps.s10)} 10s  ${formatHashrate(hashrate_hps.s60)} 60s  ${formatHashrate(hashrate_hps.m15)} 15m`,
      `accepted ${shares.accepted} rejected ${rejected}${unanswered > 0 ? ` unanswered ${unanswered}` : ""}`,
      difficulty === null ? pool.state : `difficulty ${formatDifficulty(difficulty)}`,
      `up ${formatDuration(Math.round(process.uptime()))}`,
    ];
    if (counters.hardware_errors > 0) parts.push(`hardware errors ${counters.hardware_errors}`);
    this.#say(parts.join(" | "));
  }

  /** What comes from a pool may hold control characters that would play tricks on a terminal. */
  #say(text: string): void {
    const time = this.#dependencies.now().toTimeString().slice(0, 8);
    this.#dependencies.write(`[${time}] ${text.replace(/\p{Cc}/gu, " ")}`);
  }
}
