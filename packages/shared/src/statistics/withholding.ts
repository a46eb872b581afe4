/**
 * Withheld blocks: a worker that sends its shares and keeps the blocks among them costs the pool and shows nothing but missing blocks. So
 * a worker's found blocks are held against what its work was expected to find: p = P(X ≤ found) of a Poisson variable.
 *
 * Many workers are looked at at once, and one honest worker of a hundred has p below 0.01. So the alarm is raised below ALARM / tested
 * (Bonferroni): then the chance that any honest worker at all is named is at most ALARM. It stays a suspicion: luck does this too, only
 * rarely, and a broken machine that loses blocks looks the same.
 */
import { poissonAtMost } from "./gamma.ts";

/** Chance that an alarm names an honest worker, over all workers together. */
export const ALARM = 0.01;
/** A worker is watched below this p, without an alarm: one honest worker in a hundred is. */
export const WATCH = 0.01;
/** With less work than this even no block at all is common (e^−3 = 5 %), so nothing can be said. */
export const EXPECTED_MIN = 3;

export interface WorkerRecord {
  found: number;
  expected: number;
}

export type Suspicion = "alarm" | "watch";

/** `tested`: how many workers have EXPECTED_MIN or more. */
export const alarmLevel = (tested: number): number => ALARM / Math.max(1, tested);

/** How often an honest worker with this work finds so few blocks, and what follows from it; null: nothing. */
export function judgeWorker({ found, expected }: WorkerRecord, tested: number): { chance: number; suspicion: Suspicion | null } {
  const chance = poissonAtMost(found, expected);
  if (expected < EXPECTED_MIN) return { chance, suspicion: null };
  return { chance, suspicion: chance < alarmLevel(tested) ? "alarm" : chance < WATCH ? "watch" : null };
}
