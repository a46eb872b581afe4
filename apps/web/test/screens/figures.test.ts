import type { LiveDto, PoolSnapshot } from "@otedama/shared";
import { nextBlock } from "@otedama/shared/statistics";
import { describe, expect, test } from "vitest";
import { hasGap, loneValues, timeTick } from "../../src/components/chart/plot_options.ts";
import { overviewSentence } from "../../src/features/overview/sentence.ts";
import { fromFirstMeasured } from "../../src/lib/series.ts";
import { changeAgainstMean, rejectRate } from "../../src/lib/statistics.ts";

const NO_SHARES = { accepted: 0, stale: 0, duplicate: 0, low_difficulty: 0, unauthorized: 0, invalid: 0 };
const OK = { state: "ok", since_ms: 0, message: null } as const;
const DOWN = { state: "down", since_ms: 0, message: "no answer" } as const;

function liveWith(pool: Partial<PoolSnapshot> | null, database: LiveDto["database"] = OK): LiveDto {
  return {
    at_ms: 0,
    pool_seen_at_ms: 0,
    agents: { total: 1, mining: 1, offline: 0, hashrate_hps: 0, temperature_c_max: null },
    database,
    pool:
      pool === null
        ? null
        : {
            at_ms: 0,
            started_at_ms: 0,
            policy_version: 1,
            hashrate_hps: { m1: 4e6, m15: 4e6, h1: 4e6 },
            stratum_port: 3333,
            connections: 2,
            workers_online: 2,
            shares: NO_SHARES,
            job: {
              height: 10,
              prev_hash: "0".repeat(64),
              network_difficulty: 0.03,
              transactions: 1,
              reward_sats: 1,
              fees_sats: 0,
              template_at_ms: 0,
            },
            round: { started_at_ms: 0, work_hashes: 0, effort: 0 },
            node: OK,
            refused_jobs: { count: 0, last: null },
            database: OK,
            accounting_lag_records: 7,
            share_answer_ms: { p50: 1, p99: 2 },
            template_to_last_notify_ms: null,
            cpu_usage_percent: 1,
            ...pool,
          },
  };
}

const said = (live: LiveDto) => overviewSentence(live).replaceAll("\u00a0", " ");

describe("the Overview's sentence", () => {
  test("says who mines, how fast, and how often a block is due", () => {
    expect(said(liveWith({}))).toBe("2 workers mine at 4.00 MH/s, a block about every 32 s.");
    expect(said(liveWith({ workers_online: 1, job: null }))).toBe("1 worker mines at 4.00 MH/s.");
  });

  test("names refused shares once they matter", () => {
    const refused = { ...NO_SHARES, accepted: 95, stale: 5 };
    expect(said(liveWith({ shares: refused }))).toContain("but 5.00 % of the shares are refused");
    expect(said(liveWith({ shares: { ...refused, accepted: 5_000 } }))).not.toContain("refused");
  });

  test("puts the worst first", () => {
    expect(said(liveWith(null))).toContain("No pool is connected");
    expect(said(liveWith({ node: DOWN }, DOWN))).toContain("database does not answer");
    expect(said(liveWith({ node: DOWN, database: DOWN }))).toContain("Bitcoin node does not answer");
    expect(said(liveWith({ database: DOWN }))).toContain("7 shares wait");
    expect(said(liveWith({ workers_online: 0 }))).toBe("No miner is connected to the pool.");
    expect(said(liveWith({ hashrate_hps: { m1: 0, m15: 0, h1: 0 } }))).toContain("first shares are awaited");
  });
});

describe("figures", () => {
  test("the wait for a block is exponential: its quantiles hold for simulated waits", () => {
    const due = nextBlock(1e9, 10);
    expect(due).not.toBeNull();
    const { mean = 0, p05 = 0, p95 = 0 } = due ?? {};
    expect(mean).toBeCloseTo((10 * 2 ** 32) / 1e9, 9);
    const waits = Array.from({ length: 20_000 }, (_, index) => -mean * Math.log(1 - (index + 0.5) / 20_000));
    expect(waits.filter((wait) => wait < p05).length / waits.length).toBeCloseTo(0.05, 3);
    expect(waits.filter((wait) => wait < p95).length / waits.length).toBeCloseTo(0.95, 3);
    expect(nextBlock(0, 10)).toBeNull();
    expect(nextBlock(1e9, 0)).toBeNull();
  });

  test("refused shares are a part of all judged ones", () => {
    expect(rejectRate(NO_SHARES)).toBeNull();
    expect(rejectRate({ ...NO_SHARES, accepted: 3, invalid: 1 })).toBe(0.25);
  });

  test("a change needs something to be compared with", () => {
    expect(changeAgainstMean([null, 1, null], 2)).toBeNull();
    expect(changeAgainstMean([1, null, 1, 1], 2)).toBe(1);
    expect(changeAgainstMean([0, 0, 0], 2)).toBeNull();
  });
});

describe("series", () => {
  const of = (values: (number | null)[]) => ({
    step_s: 30,
    at_ms: values.map((_, index) => index * 30_000),
    hashrate_hps: values,
  });

  test("the unmeasured beginning is left out, later gaps stay", () => {
    const values = [...Array.from({ length: 50 }, () => null), 1, null, ...Array.from({ length: 30 }, () => 2)];
    const { series, cut } = fromFirstMeasured(of(values));
    expect(cut).toBe(true);
    expect(series.hashrate_hps[0]).toBeNull();
    expect(series.hashrate_hps.slice(1, 3)).toEqual([1, null]);
    expect(series.at_ms[0]).toBe(49 * 30_000);
  });

  test("a minute of measurements still gets a picture of some width", () => {
    const { series } = fromFirstMeasured(of([...Array.from({ length: 118 }, () => null), 1, 2]));
    expect(series.at_ms.length).toBe(6);
  });

  test("nothing measured, or all of it, is left as it is", () => {
    expect(fromFirstMeasured(of([null, null])).cut).toBe(false);
    expect(fromFirstMeasured(of([1, 2, 3])).cut).toBe(false);
  });

  test("a value between two gaps is found, so that it gets a dot", () => {
    expect(loneValues([1, null, 2, null, 3, 4, null, 5])).toEqual([0, 2, 7]);
  });

  test("a gap lies between two values; an empty end is none", () => {
    expect(hasGap([null, 1, 2, null])).toBe(false);
    expect(hasGap([1, null, 2])).toBe(true);
    expect(hasGap([null, null])).toBe(false);
  });

  test("ticks name days at midnight and seconds when close", () => {
    const midnight = new Date(2_026, 10, 21).getTime() / 1_000;
    expect(timeTick(midnight, 3_600)).toBe("21 Nov");
    expect(timeTick(midnight + 3_660, 3_600)).toBe("01:01");
    expect(timeTick(midnight + 61, 10)).toBe("00:01:01");
  });
});
