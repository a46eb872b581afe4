import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StatisticsDto } from "../../src/index.ts";
import {
  alarmLevel,
  EXPECTED_MIN,
  effortBounds,
  figuresOf,
  gammaP,
  gammaQ,
  gammaQuantile,
  judgeWorker,
  logGamma,
  luckOfBlocks,
  luckOfTime,
  nextBlock,
  poissonAtMost,
  prometheusText,
  statisticsCsv,
} from "../../src/statistics/index.ts";

describe("the incomplete gamma function", () => {
  test("agrees with closed forms", () => {
    // Γ(5) = 24, Γ(1/2) = √π; P(1, x) = 1 − e^−x; Q(n, x) is a sum of Poisson terms (DLMF 8.4.10).
    expect(logGamma(5)).toBeCloseTo(Math.log(24), 12);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
    for (const x of [0, 0.01, 0.5, 1, 3, 20]) expect(gammaP(1, x)).toBeCloseTo(1 - Math.exp(-x), 13);
    let [term, sum] = [Math.exp(-7.5), 0];
    for (let n = 1; n <= 40; n++) {
      sum += term;
      term *= 7.5 / n;
      expect(gammaQ(n, 7.5)).toBeCloseTo(sum, 12);
      expect(poissonAtMost(n - 1, 7.5)).toBeCloseTo(sum, 12);
    }
  });

  test("and its inverse undo each other", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 6_000, noNaN: true }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        (a, p) => {
          const x = gammaQuantile(a, p);
          expect(gammaP(a, x)).toBeCloseTo(p, 8);
          expect(gammaP(a, x) + gammaQ(a, x)).toBeCloseTo(1, 10);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("luck", () => {
  test("has the exact bounds of the tables", () => {
    // Two-sided 95 % limits of a Poisson mean: 0 → 0 … 3.689, 1 → 0.0253 … 5.572, 10 → 4.795 … 18.390 (Garwood 1936; Pearson & Hartley, table 40).
    for (const [found, low, high] of [
      [0, 0, 3.689],
      [1, 0.0253, 5.572],
      [10, 4.795, 18.39],
      [50, 37.11, 65.92],
    ] as const) {
      const luck = luckOfTime(found, 1);
      expect(luck.low).toBeCloseTo(low, found === 50 ? 2 : 3);
      expect(luck.high).toBeCloseTo(high, found === 50 ? 2 : 3);
    }
    // χ²(0.025; 20) / 2 and χ²(0.975; 20) / 2.
    const ten = effortBounds(10);
    expect(ten.low).toBeCloseTo(9.5908 / 2, 4);
    expect(ten.high).toBeCloseTo(34.1696 / 2, 4);
  });

  test("lies inside its bounds, and is unknown without work", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.001, max: 20, noNaN: true }), { minLength: 1, maxLength: 100 }), (efforts) => {
        const luck = luckOfBlocks(efforts);
        expect(luck.value).toBeGreaterThan(luck.low ?? Number.NaN);
        expect(luck.value).toBeLessThan(luck.high ?? Number.NaN);
        expect(luck.chance).toBeGreaterThanOrEqual(0);
        expect(luck.chance).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
    expect(luckOfBlocks([])).toMatchObject({ blocks: 0, value: null, low: null });
    expect(luckOfTime(0, 0)).toMatchObject({ value: null, chance: null });
    expect(luckOfTime(0, 2)).toMatchObject({ value: 0, low: 0 });
  });

  test("bounds hold as often as they say", () => {
    // Efforts of honest luck, seeded: 95 of 100 bounds hold the truth; 2,000 tries spread by 0.5 percent.
    let seed = 7;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let held = 0;
    for (let pool = 0; pool < 2_000; pool++) {
      const { low, high } = luckOfBlocks(Array.from({ length: 10 }, () => -Math.log(1 - random())));
      if (low !== null && high !== null && low <= 1 && high >= 1) held++;
    }
    expect(held / 2_000).toBeGreaterThan(0.93);
    expect(held / 2_000).toBeLessThan(0.97);
  });

  test("the wait for a block needs hashrate and difficulty", () => {
    expect(nextBlock(0, 1)).toBeNull();
    expect(nextBlock(2 ** 32, 30)).toMatchObject({ mean: 30 });
  });
});

describe("withheld blocks", () => {
  test("raise an alarm that grows stricter with the number of workers", () => {
    expect(judgeWorker({ found: 0, expected: 8 }, 1)).toMatchObject({ suspicion: "alarm" });
    expect(judgeWorker({ found: 0, expected: 8 }, 1_000)).toMatchObject({ suspicion: "watch" });
    expect(judgeWorker({ found: 0, expected: 20 }, 1_000)).toMatchObject({ suspicion: "alarm" });
    expect(judgeWorker({ found: 8, expected: 8 }, 1)).toMatchObject({ suspicion: null });
    expect(judgeWorker({ found: 0, expected: EXPECTED_MIN - 0.01 }, 1)).toMatchObject({ suspicion: null });
    expect(judgeWorker({ found: 0, expected: 5 }, 1).chance).toBeCloseTo(Math.exp(-5), 12);
    expect(alarmLevel(0)).toBe(alarmLevel(1));
  });
});

const SAMPLE = StatisticsDto.parse({
  at_ms: 1_763_700_000_000,
  network: { height: 900_000, difficulty: 1.5e14 },
  hashrate_h1_hps: 3e15,
  next_block_s: { mean: 100, p05: 5, p95: 300 },
  luck: [{ window: "10 blocks", ...luckOfBlocks([0.5, 1.5]) }],
  rejects: [{ window: "1 h", accepted: 100, stale: 2, duplicate: 0, low_difficulty: 1, invalid: 0 }],
  efforts: [
    {
      height: 1,
      hash: "0".repeat(64),
      found_at_ms: 1_763_700_000_000,
      effort: 0.5,
      quantile: 0.39,
      sum: 0.5,
      sum_low: 0.02,
      sum_high: 3.7,
    },
  ],
  withholding: { tested: 2, alarms: 1, watched: 0, alarm_below: 0.005 },
});

test("table and metrics hold the same figures, each once", () => {
  const figures = figuresOf(SAMPLE);
  const keys = figures.map((figure) => `${figure.name}${JSON.stringify(figure.labels)}`);
  expect(new Set(keys).size).toBe(keys.length);
  const text = prometheusText(SAMPLE);
  const csv = statisticsCsv(SAMPLE).split("\r\n");
  for (const { name, labels, value } of figures) {
    expect(text).toContain(`otedama_${name}`);
    const { window = "", ...rest } = labels;
    expect(csv).toContain([name.replace("statistics_", ""), window, Object.values(rest).join(" "), value].join(","));
  }
  // Every name is described once, before its values.
  const described = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map((match) => match[1]);
  expect(new Set(described).size).toBe(described.length);
});

test("a table is not steered by what a miner calls itself", () => {
  const suspect = { worker_id: 1, account_id: 1, found: 0, expected: 9, chance: 1e-4, suspicion: "alarm" as const, since_ms: 0 };
  const csv = statisticsCsv(SAMPLE, [
    { ...suspect, worker_name: '=HYPERLINK("http://x"),1', account_address: "bc1q" },
    { ...suspect, worker_name: "a\nb", account_address: "bc1q" },
  ]);
  expect(csv).toContain(`"'=HYPERLINK(""http://x""),1",bc1q,0,9`);
  expect(csv).toContain('"a\nb",bc1q');
});
