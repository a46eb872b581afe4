/**
 * Which pool to try, and when: the first in order of preference that is not being left alone after a failure. Pure; clock and chance
 * are handed in.
 */
export interface FailoverTiming {
  first_wait_ms: number;
  wait_ms_max: number;
  /** A connection that lasted so long was a good one: the next failure starts from the shortest wait again. */
  proven_after_ms: number;
}

export const FAILOVER_TIMING: FailoverTiming = { first_wait_ms: 1_000, wait_ms_max: 60_000, proven_after_ms: 30_000 };

interface PoolState {
  failures: number;
  retry_at_ms: number;
}

export class Failover {
  readonly #timing: FailoverTiming;
  readonly #random: () => number;
  readonly #pools: PoolState[];

  constructor(pool_count: number, timing: FailoverTiming, random: () => number) {
    this.#timing = timing;
    this.#random = random;
    this.#pools = Array.from({ length: pool_count }, () => ({ failures: 0, retry_at_ms: 0 }));
  }

  /** The pool to dial and how long to wait before. `below` looks only at pools preferred to that one. */
  next(now_ms: number, below = this.#pools.length): { index: number; wait_ms: number } {
    const considered = this.#pools.slice(0, below);
    const ready = considered.findIndex((pool) => pool.retry_at_ms <= now_ms);
    if (ready >= 0) return { index: ready, wait_ms: 0 };
    const soonest = considered.reduce(
      (best, pool, index) => (pool.retry_at_ms < (considered[best]?.retry_at_ms ?? 0) ? index : best),
      0,
    );
    return { index: soonest, wait_ms: (considered[soonest]?.retry_at_ms ?? now_ms) - now_ms };
  }

  /** Doubles the pool's wait, up to the longest; from half of it to all of it by chance, so that a farm does not come back as one. */
  failed(index: number, now_ms: number, lasted_ms: number): void {
    const pool = this.#pools[index];
    if (!pool) return;
    if (lasted_ms >= this.#timing.proven_after_ms) pool.failures = 0;
    const wait_ms = Math.min(this.#timing.wait_ms_max, this.#timing.first_wait_ms * 2 ** Math.min(pool.failures, 30));
    pool.failures += 1;
    pool.retry_at_ms = now_ms + wait_ms * (0.5 + this.#random() / 2);
  }
}
