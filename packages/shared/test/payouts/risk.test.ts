import { poolRisk, type RiskInput, reserveFor, ruinProbability, ruinWithin } from "@otedama/shared/payouts";
import { describe, expect, test } from "vitest";

/** A small generator of even numbers (mulberry32), so that a run can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether a reserve of `blocks` is spent before `horizon` blocks were found: the pool pays 1 − fee for each block's worth of work. */
function isSpent(blocks: number, fee: number, horizon: number, random: () => number): boolean {
  let reserve = blocks;
  for (let found = 0; found < horizon; found++) {
    // Work until the next block is exponential; the reserve is lowest just before it.
    reserve += Math.log(1 - random()) * (1 - fee);
    if (reserve <= 0) return true;
    reserve += 1;
    // From here on it is spent with a probability below e^-20.
    if (reserve > 10 / fee) return false;
  }
  return false;
}

const INPUT: RiskInput = {
  scheme: "pps",
  block_sats: 312_500_000,
  paid_sats: 312_500_000,
  fee_percent: 2,
  reserve_sats: 100 * 312_500_000,
  orphan_percent: 0,
  pool_hashrate_hps: 1e15,
  network_hashes: 86_400e15,
};

describe("risk", () => {
  test("the ruin probability is what simulated pools suffer", () => {
    const random = generator(7);
    for (const [blocks, fee] of [
      [20, 0.05],
      [40, 0.03],
    ] as const) {
      const runs = 1_500;
      let spent = 0;
      for (let run = 0; run < runs; run++) spent += isSpent(blocks, fee, 20_000, random) ? 1 : 0;
      const expected = ruinProbability(fee, blocks, 1);
      // Within four standard deviations of the sample, and a tenth for the approximation.
      expect(Math.abs(spent / runs - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / runs) + expected / 10);
    }
  });

  test("within a time, too", () => {
    const random = generator(11);
    const [blocks, fee, horizon, runs] = [15, 0.02, 200, 2_000];
    let spent = 0;
    for (let run = 0; run < runs; run++) spent += isSpent(blocks, fee, horizon, random) ? 1 : 0;
    const expected = ruinWithin(blocks, fee * horizon, horizon);
    expect(expected).toBeGreaterThan(0.1);
    expect(Math.abs(spent / runs - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / runs) + expected / 8);
  });

  test("the formulas by hand, and that they agree with each other", () => {
    expect(ruinProbability(0.02, 100, 1)).toBeCloseTo(Math.exp(-4), 12);
    const reserve = reserveFor(0.001, 0.02, 312_500_000) ?? 0;
    expect(reserve / 312_500_000).toBeCloseTo(Math.log(1000) / 0.04, 6);
    expect(ruinProbability(0.02, reserve, 312_500_000)).toBeCloseTo(0.001, 9);
    // Given time enough, within a time is ever.
    expect(ruinWithin(100, 0.02 * 1e6, 1e6)).toBeCloseTo(Math.exp(-4), 6);
    expect(ruinProbability(0, 1e12, 1)).toBe(1);
    expect(reserveFor(0.01, 0, 1)).toBeNull();
  });

  test("a pool's page: one block a day, one block of deviation", () => {
    const risk = poolRisk(INPUT);
    expect(risk.blocks_per_day).toBeCloseTo(1, 9);
    expect(risk.edge).toBeCloseTo(0.02, 9);
    expect(risk.income_sats_per_day).toBeCloseTo(6_250_000, 3);
    expect(risk.deviation_sats_per_day).toBeCloseTo(312_500_000, 3);
    expect(risk.variance_sats2_per_day).toBeCloseTo(312_500_000 ** 2, -6);
    expect(risk.ruin_probability).toBeCloseTo(Math.exp(-4), 9);
    expect(risk.ruin_probability_30_days).toBeLessThan(risk.ruin_probability);
  });

  test("fees of transactions are the pool's under PPS, orphans are its loss, and without an edge it ends in ruin", () => {
    expect(poolRisk({ ...INPUT, block_sats: 322_500_000 }).edge).toBeCloseTo((322.5 - 312.5 * 0.98) / 322.5, 9);
    expect(poolRisk({ ...INPUT, orphan_percent: 1 }).edge).toBeCloseTo(0.01, 9);
    const bad = poolRisk({ ...INPUT, orphan_percent: 3 });
    expect([bad.ruin_probability, bad.reserve_1_percent_sats, bad.income_sats_per_day < 0]).toEqual([1, null, true]);
    expect(poolRisk({ ...INPUT, reserve_sats: -1 }).ruin_probability_30_days).toBe(1);
    expect(poolRisk({ ...INPUT, pool_hashrate_hps: 0 }).ruin_probability_30_days).toBe(0);
  });

  test("what is no figure is refused by its name", () => {
    expect(() => poolRisk({ ...INPUT, fee_percent: Number.NaN })).toThrow("fee_percent");
    expect(() => poolRisk({ ...INPUT, network_hashes: -1 })).toThrow("network_hashes");
    expect(() => poolRisk({ ...INPUT, orphan_percent: 101 })).toThrow("at most 100");
  });
});
