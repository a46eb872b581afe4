/** One miner under vardiff: Poisson shares of a given hashrate, seeded, with the engine's own function and a clock of its own. */
import { VardiffSimulation } from "../../src/engine.ts";
import type { VardiffOptions } from "../../src/engine_types.ts";

/** Hashes of difficulty 1: 2³² to within 0.002 %. */
const HASHES_PER_DIFFICULTY = 2 ** 48 / 0xffff;

export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Run {
  /** Every difficulty it was given, with the time in seconds; the first is the start. */
  changes: { at_s: number; difficulty: number }[];
  shares: number;
}

export function idealDifficulty(hashrate_hps: number, target_interval_s: number): number {
  return (hashrate_hps * target_interval_s) / HASHES_PER_DIFFICULTY;
}

/** Simulates `seconds`; `hashrate` may change with time. */
export function simulate(
  options: VardiffOptions,
  start: { difficulty: number; floor?: number; seed: number },
  hashrate: (at_s: number) => number,
  seconds: number,
): Run {
  const random = randomOf(start.seed);
  const vardiff = new VardiffSimulation(options, { difficulty: start.difficulty, floor: start.floor ?? 0, now_ms: 0 });
  // What it starts with is rounded like every difficulty.
  const changes = [{ at_s: 0, difficulty: Number(start.difficulty.toPrecision(3)) }];
  let shares = 0;
  let now_ms = 0;
  let timer_ms = vardiff.nextTimerMs();
  const note = (difficulty: number) => {
    if (difficulty !== changes.at(-1)?.difficulty) changes.push({ at_s: now_ms / 1000, difficulty });
  };
  while (now_ms < seconds * 1000) {
    // Memoryless: the wait for the next share may be drawn anew after every event.
    const rate_per_ms = hashrate(now_ms / 1000) / (vardiff.difficulty * HASHES_PER_DIFFICULTY) / 1000;
    const share_ms = now_ms - Math.log(1 - random()) / rate_per_ms;
    if (share_ms < timer_ms) {
      now_ms = share_ms;
      shares++;
      note(vardiff.onShare(vardiff.difficulty, Math.floor(now_ms)));
    } else {
      now_ms = timer_ms;
      note(vardiff.onTimer(Math.ceil(now_ms)));
    }
    timer_ms = Math.max(now_ms + 1000, vardiff.nextTimerMs());
  }
  return { changes, shares };
}
