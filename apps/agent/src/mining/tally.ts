/** What mining has counted since the process started, over every set-up of the miner: a new one begins at zero, the tally goes on. */
import type { MinerCounters } from "@otedama/native";
import { SHARE_RESULTS, type ShareCounts } from "@otedama/shared/agent";
import type { SubmitResult } from "@otedama/stratum";
import { HashrateMeter } from "./hashrate_meter.ts";

export class Tally {
  readonly #meter = new HashrateMeter();
  readonly #shares = Object.fromEntries(SHARE_RESULTS.map((result) => [result, 0])) as ShareCounts;
  #unanswered = 0;
  #latency_ms: number | null = null;
  #last_share_at_ms: number | null = null;
  /** Of the miners before this one. */
  #hashes_before = 0;
  #errors_before = 0;
  #last: MinerCounters | null = null;

  /** A new miner counts from here on. */
  adopt(counters: MinerCounters): void {
    if (this.#last) {
      this.#hashes_before += sum(this.#last.thread_hashes);
      this.#errors_before += this.#last.hardware_errors;
    }
    this.#last = counters;
  }

  sample(counters: MinerCounters, now_ms: number): void {
    this.#last = counters;
    this.#meter.record(this.#hashes_before + sum(counters.thread_hashes), now_ms);
  }

  found(): void {
    this.#last_share_at_ms = Date.now();
  }

  judged(result: SubmitResult): void {
    if (result.result === "unanswered") {
      this.#unanswered += 1;
      return;
    }
    this.#shares[result.result] += 1;
    this.#latency_ms = result.latency_ms;
  }

  figures(counters: MinerCounters) {
    return {
      shares: { ...this.#shares },
      unanswered: this.#unanswered,
      latency_ms: this.#latency_ms,
      last_share_at_ms: this.#last_share_at_ms,
      hashrate_hps: this.#meter.rates(),
      hashes: this.#hashes_before + sum(counters.thread_hashes),
      hardware_errors: this.#errors_before + counters.hardware_errors,
    };
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
