import type { HashrateSeries, Window } from "@otedama/shared";

export interface PoolSeriesOptions {
  age_ms_min: number;
  age_ms_max: number;
  /** An answer is kept for this many times what it took to make, within the bounds above. */
  cost_ratio: number;
}

interface Kept {
  answer: Promise<HashrateSeries>;
  /** Infinite while it is being made. */
  until_ms: number;
}

/**
 * The pool's hashrate is the same for everyone who looks and sums many rows on a large farm. So it is made once however many ask at
 * a time, and kept in proportion to its price: at most a twentieth of one connection's time goes into it.
 */
export class PoolSeries {
  readonly #options: PoolSeriesOptions;
  readonly #read: (window: Window) => Promise<HashrateSeries>;
  readonly #now: () => number;
  /** One for each window, so it cannot grow. */
  readonly #kept = new Map<Window, Kept>();

  constructor(
    options: PoolSeriesOptions,
    dependencies: { read: (window: Window) => Promise<HashrateSeries>; now: () => number },
  ) {
    this.#options = options;
    this.#read = dependencies.read;
    this.#now = dependencies.now;
  }

  read(window: Window): Promise<HashrateSeries> {
    const began_ms = this.#now();
    const before = this.#kept.get(window);
    if (before !== undefined && began_ms < before.until_ms) return before.answer;
    const kept: Kept = { answer: this.#read(window), until_ms: Number.POSITIVE_INFINITY };
    this.#kept.set(window, kept);
    kept.answer.then(
      () => {
        const { age_ms_min, age_ms_max, cost_ratio } = this.#options;
        const took_ms = this.#now() - began_ms;
        kept.until_ms = this.#now() + Math.min(age_ms_max, Math.max(age_ms_min, took_ms * cost_ratio));
      },
      () => this.#kept.delete(window),
    );
    return kept.answer;
  }
}
