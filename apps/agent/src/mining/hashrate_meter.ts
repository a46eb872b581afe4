export interface Hashrates {
  s1: number;
  s10: number;
  s60: number;
  m15: number;
}

const WINDOWS_MS = { s1: 1_000, s10: 10_000, s60: 60_000, m15: 900_000 } as const;
const STEP_MS = 1_000;

interface Sample {
  at_ms: number;
  hashes: number;
}

/**
 * Hashrates over the last second, 10 s, 60 s and 15 min from a counter that only rises. Until a window is full, its rate is that of
 * the time measured so far. Keeps one sample a second.
 */
export class HashrateMeter {
  #samples: Sample[] = [];

  record(hashes: number, now_ms: number): void {
    const last = this.#samples.at(-1);
    // The clock is monotonic; a call within a step replaces nothing and adds nothing.
    if (last && now_ms - last.at_ms < STEP_MS * 0.9) return;
    this.#samples.push({ at_ms: now_ms, hashes });
    const first_needed = this.#samples.findIndex((sample) => sample.at_ms >= now_ms - WINDOWS_MS.m15);
    // One sample older than the window stays as its beginning.
    if (first_needed > 1) this.#samples.splice(0, first_needed - 1);
  }

  rates(): Hashrates {
    return {
      s1: this.#rate(WINDOWS_MS.s1),
      s10: this.#rate(WINDOWS_MS.s10),
      s60: this.#rate(WINDOWS_MS.s60),
      m15: this.#rate(WINDOWS_MS.m15),
    };
  }

  #rate(window_ms: number): number {
    const last = this.#samples.at(-1);
    if (!last) return 0;
    const from = last.at_ms - window_ms;
    const begin = this.#samples.findLast((sample) => sample.at_ms <= from) ?? this.#samples[0];
    if (!begin || begin === last) return 0;
    return ((last.hashes - begin.hashes) / (last.at_ms - begin.at_ms)) * 1000;
  }
}
