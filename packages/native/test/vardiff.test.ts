/** Vardiff by simulation, from a CPU's hashrate to a hall's. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { vardiffPlot } from "../bench/vardiff_plot.ts";
import type { VardiffOptions } from "../src/engine_types.ts";
import { idealDifficulty, randomOf, simulate } from "./stratum/vardiff_simulation.ts";

const OPTIONS: VardiffOptions = { enabled: true, initial: 1, min: 1e-9, max: 1e15, target_interval_s: 10 };
const HASHRATES_HPS = [1e3, 1e6, 1e9, 1e12, 5e14];
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed + 1);
/** Within this factor of the wanted interval it may stay for ever. */
const NEAR = 2.2;

function factor(a: number, b: number): number {
  return Math.max(a / b, b / a);
}

for (const wrong of [1 / 1000, 1 / 30, 1 / 3, 1, 3, 30, 1000]) {
  test.each(HASHRATES_HPS)(
    `a start wrong by ${wrong}: %d H/s is near its interval after three retargets and stays`,
    (hashrate_hps) => {
      const ideal = idealDifficulty(hashrate_hps, OPTIONS.target_interval_s);
      let late = 0;
      let retargets = 0;
      for (const seed of SEEDS) {
        const run = simulate(OPTIONS, { difficulty: ideal * wrong, seed }, () => hashrate_hps, 4 * 3600);
        const after = run.changes.slice(3).map((change) => factor(change.difficulty, ideal));
        const settled = factor(run.changes[Math.min(3, run.changes.length - 1)]?.difficulty ?? 0, ideal);
        if (settled > NEAR) late++;
        retargets += after.length;
        expect(factor(run.changes.at(-1)?.difficulty ?? 0, ideal)).toBeLessThan(NEAR);
      }
      // Shares come by chance: one miner in twenty may need a fourth step.
      expect(late).toBeLessThanOrEqual(SEEDS.length / 20);
      expect(retargets / SEEDS.length).toBeLessThan(1);
    },
  );
}

test("at the wanted rate nothing moves for days", () => {
  const ideal = idealDifficulty(1e12, OPTIONS.target_interval_s);
  let changes = 0;
  for (const seed of SEEDS) changes += simulate(OPTIONS, { difficulty: ideal, seed }, () => 1e12, 24 * 3600).changes.length - 1;
  // 40 miner-days; a silence of fifteen intervals happens by chance.
  expect(changes).toBeLessThanOrEqual(4);
});

test("it comes down from silence, and up again", () => {
  const ideal = idealDifficulty(1e13, OPTIONS.target_interval_s);
  for (const seed of SEEDS) {
    const hashrate = (at_s: number) => (at_s > 7200 && at_s < 14_400 ? 1e10 : 1e13);
    const run = simulate(OPTIONS, { difficulty: ideal, seed }, hashrate, 21_600);
    const at = (time_s: number) => run.changes.findLast((change) => change.at_s <= time_s)?.difficulty ?? 0;
    expect(factor(at(7200 + 1200), ideal / 1000)).toBeLessThan(4);
    expect(factor(at(14_400 + 300), ideal)).toBeLessThan(4);
  }
});

test("bounds and the worker's floor hold, whatever comes", () => {
  const random = randomOf(7);
  for (const seed of SEEDS) {
    const floor = 10 ** (random() * 6 - 2);
    const options = { ...OPTIONS, min: 0.5, max: 4096 };
    const run = simulate(options, { difficulty: 64, floor, seed }, () => 10 ** (3 + random() * 14), 3600);
    for (const { difficulty } of run.changes.slice(1)) {
      expect(difficulty).toBeGreaterThanOrEqual(Math.min(Math.max(0.5, floor), 4096));
      expect(difficulty).toBeLessThanOrEqual(4096);
    }
  }
});

test("switched off it never moves", () => {
  const run = simulate({ ...OPTIONS, enabled: false }, { difficulty: 1, seed: 1 }, () => 1e12, 600);
  expect(run.changes).toHaveLength(1);
});

test("the picture in the documentation is of this function", () => {
  const drawn = readFileSync(new URL("../../../docs/architecture/vardiff.svg", import.meta.url), "utf8");
  expect(drawn, "run node scripts/docs/vardiff.ts").toBe(vardiffPlot());
});
