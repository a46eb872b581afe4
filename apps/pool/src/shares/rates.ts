/**
 * Hashrates as exponentially decayed work: each share counts by e^(−age/T), so that the figure moves smoothly and needs one number for a
 * window. A source that is younger than its window is divided by the part of it that has passed.
 */

export interface Rate {
  /** Decayed work, in hashes, as of `at_ms`. */
  work: number;
  at_ms: number;
}

/** Below this a young source's first shares would read as wild rates. */
const OBSERVED_MS_MIN = 10_000;

export function emptyRate(at_ms: number): Rate {
  return { work: 0, at_ms };
}

/** Records may come a little out of order: an older one counts as of the rate's own time. */
export function addWork(rate: Rate, work_hashes: number, at_ms: number, window_ms: number): void {
  if (at_ms > rate.at_ms) {
    rate.work *= Math.exp(-(at_ms - rate.at_ms) / window_ms);
    rate.at_ms = at_ms;
    rate.work += work_hashes;
  } else {
    rate.work += work_hashes * Math.exp(-(rate.at_ms - at_ms) / window_ms);
  }
}

/** Hashes a second at `now_ms` of a source that has been watched since `since_ms`. */
export function hashrate(rate: Rate, now_ms: number, window_ms: number, since_ms: number): number {
  const decayed = rate.work * Math.exp(-Math.max(0, now_ms - rate.at_ms) / window_ms);
  const observed = 1 - Math.exp(-Math.max(OBSERVED_MS_MIN, now_ms - since_ms) / window_ms);
  const hps = decayed / (window_ms / 1000) / observed;
  // What is left of an hour-old minute is noise.
  return hps < 1e-3 ? 0 : hps;
}
