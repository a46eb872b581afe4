/** The pure parts behind the live figures. */
import { frameOf, isDatabaseAway, STEP_S, toSeries } from "@otedama/db/web";
import { LiveDto, PoolFigures, WINDOWS, type Window } from "@otedama/shared";
import { nextBlock } from "@otedama/shared/statistics";
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { Counters } from "../src/server/counters.ts";
import { sameOrigin } from "../src/server/http/origin.ts";
import { RateBound } from "../src/server/hub/rate_bound.ts";
import { FleetWriter } from "../src/server/live/fleet_writer.ts";
import { LiveFigures } from "../src/server/live/live_figures.ts";
import { PoolSeries } from "../src/server/live/pool_series.ts";
import { combineSnapshots } from "../src/server/live/pool_snapshots.ts";
import { snapshotOf } from "./fixtures/hub_clients.ts";
import { helloOf, rigId, telemetryOf } from "./fixtures/seed.ts";

const windows = Object.keys(WINDOWS) as Window[];

describe("hashrate series", () => {
  test("no work is lost or made up, whatever was measured", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...windows),
        fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 400 }),
        (window, now_ms, started, works) => {
          const frame = frameOf(window, now_ms);
          const end_s = Math.floor(now_ms / 10_000) * 10;
          const first_s = Math.floor((frame.from_s + started * (end_s - frame.from_s)) / 10) * 10;
          const work = new Map<number, number>();
          for (let index = 0; index < frame.steps; index++) {
            const start_s = frame.from_s + index * frame.step_s;
            const covered_s = Math.min(start_s + frame.step_s, end_s) - Math.max(start_s, first_s);
            if (covered_s >= 10) work.set(start_s, works[index % works.length] ?? 0);
          }
          const series = toSeries(frame, { first_s, end_s, work });
          expect(series.at_ms).toHaveLength(frame.steps);
          let total = 0;
          for (const [index, hashrate] of series.hashrate_hps.entries()) {
            const start_s = (series.at_ms[index] ?? 0) / 1000;
            if (hashrate === null) expect(work.has(start_s)).toBe(false);
            else total += hashrate * (Math.min(start_s + frame.step_s, end_s) - Math.max(start_s, first_s));
          }
          const put = [...work.values()].reduce((sum, value) => sum + value, 0);
          expect(total).toBeCloseTo(put, 3);
        },
      ),
    );
  });

  test("covers its window, aligned, and ends in the present", () => {
    for (const window of windows) {
      const now_ms = 1_800_000_123_456;
      const frame = frameOf(window, now_ms);
      expect(frame.step_s).toBe(STEP_S[window]);
      expect(frame.from_s % frame.step_s).toBe(0);
      const end_s = frame.from_s + frame.steps * frame.step_s;
      expect(end_s * 1000).toBeGreaterThan(now_ms);
      expect((end_s - frame.step_s) * 1000).toBeLessThanOrEqual(now_ms);
      expect(frame.steps * frame.step_s).toBe(WINDOWS[window]);
    }
  });

  test("of a pool that never had a share is all gap", () => {
    const series = toSeries(frameOf("1h", 1_800_000_000_000), { first_s: null, end_s: 1_800_000_000, work: new Map() });
    expect(new Set(series.hashrate_hps)).toEqual(new Set([null]));
  });
});

describe("the pool's series", () => {
  const series = { step_s: 30, at_ms: [], hashrate_hps: [] };

  test("is made once for all who ask, kept in proportion to its price, and made again after a failure", async () => {
    let now_ms = 0;
    let reads = 0;
    let fails = false;
    const pool_series = new PoolSeries(
      { age_ms_min: 4_000, age_ms_max: 60_000, cost_ratio: 20 },
      {
        now: () => now_ms,
        read: async () => {
          reads++;
          await Promise.resolve();
          now_ms += 1_000;
          if (fails) throw new Error("away");
          return series;
        },
      },
    );
    await Promise.all([pool_series.read("1h"), pool_series.read("1h"), pool_series.read("1h")]);
    expect(reads).toBe(1);
    now_ms += 19_000;
    await pool_series.read("1h");
    expect(reads).toBe(1);
    now_ms += 2_000;
    fails = true;
    await expect(pool_series.read("1h")).rejects.toThrow("away");
    fails = false;
    expect(await pool_series.read("1h")).toBe(series);
    expect(reads).toBe(3);
  });
});

describe("several instances of one pool", () => {
  test("add up to a valid snapshot", () => {
    const one = snapshotOf(200_000, { node: { state: "degraded", since_ms: 5, message: "slow" } });
    const two = snapshotOf(100_000, { round: { started_at_ms: 1, work_hashes: 1, effort: 0.5 } });
    const both = PoolFigures.parse(combineSnapshots([one, two]));
    expect(both).toMatchObject({
      at_ms: 200_000,
      connections: 6,
      hashrate_hps: { m1: 8e9 },
      node: { state: "degraded", message: "slow" },
      round: one.round,
      shares: { accepted: 200, invalid: 10 },
    });
    const { nodes: _nodes, ...figures } = one;
    expect(combineSnapshots([one])).toEqual(figures);
    const refused = (at_ms: number) => ({ count: 2, last: { at_ms, message: `at ${at_ms}` } });
    const some = [snapshotOf(1, { refused_jobs: refused(5) }), one, snapshotOf(1, { refused_jobs: refused(9) })];
    expect(combineSnapshots(some)?.refused_jobs).toEqual({ count: 4, last: { at_ms: 9, message: "at 9" } });
    expect(combineSnapshots([])).toBeNull();
  });
});

describe("live figures", () => {
  test("count an agent as offline after its silence, and take no more agents than they may", () => {
    const health = { state: "ok", since_ms: 0, message: null } as const;
    const figures = new LiveFigures({ offline_after_ms: 15_000, agents_max: 2 }, { database: () => health });
    expect([rigId(1), rigId(2), rigId(3), rigId(1)].map((id) => figures.agentKnown(id))).toEqual([true, true, false, true]);
    figures.agentReported(rigId(1), telemetryOf(1, 0), 1_000);
    figures.agentReported(rigId(2), telemetryOf(2, 0), 10_000);
    expect(LiveDto.parse(figures.read(16_000)).agents).toMatchObject({ total: 2, mining: 2, offline: 0, hashrate_hps: 3e6 });
    expect(figures.read(16_001).agents).toMatchObject({ mining: 1, offline: 1, hashrate_hps: 2e6, temperature_c_max: 52 });
  });
});

test("a rate bound never lets more through than its burst and its rate", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 }), (waits) => {
      const bound = new RateBound({ per_s: 2, burst: 10 }, 0);
      let now_ms = 0;
      let taken = 0;
      for (const wait of waits) {
        now_ms += wait;
        if (bound.take(now_ms)) taken++;
      }
      expect(taken).toBeLessThanOrEqual(10 + (2 * now_ms) / 1000);
      if (waits.length <= 10) expect(taken).toBe(waits.length);
    }),
  );
});

test("reports that find no database are kept up to a bound, oldest dropped and counted", async () => {
  const counters = new Counters();
  const away = Object.assign(new Error("no"), { code: "ECONNREFUSED" });
  const fleet = new FleetWriter(
    { interval_ms: 5, retry_ms_max: 20, samples_max: 100, batch_max: 10 },
    { sql: { query: () => Promise.reject(away) } as never, counters, log: pino({ level: "silent" }) },
  );
  fleet.start();
  for (let second = 0; second < 250; second++) {
    fleet.agent({ id: rigId(1), name: "rig", hello: helloOf(1), telemetry: telemetryOf(1, second), seen_at_ms: second });
    fleet.sample({
      agent_id: rigId(1),
      at_ms: second,
      hashrate_hps: 1,
      temperature_c_max: null,
      power_watts: null,
      load_1m: 0,
      accepted: 0,
      rejected: 0,
      devices: [],
    });
    if (second % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await fleet.stop();
  expect(counters.read()).toMatchObject({ fleet_samples_dropped: 150, fleet_rows_written: 0, fleet_rows_rejected: 0 });
});

test("what is the own origin", () => {
  const at = new URL("https://mine.example.org");
  const table: [string, string | undefined, boolean][] = [
    ["https://mine.example.org", "mine.example.org", true],
    ["http://127.0.0.1:8080", "127.0.0.1:8080", true],
    ["http://[::1]:8080", "[::1]:8080", true],
    ["http://LOCALHOST:8080", "localhost:8080", true],
    ["https://evil.example", "mine.example.org", false],
    ["https://mine.example.org.evil.example", "mine.example.org", false],
    ["http://127.0.0.1:8081", "127.0.0.1:8080", false],
    ["null", "127.0.0.1:8080", false],
    ["file://127.0.0.1:8080", "127.0.0.1:8080", false],
    ["", undefined, false],
  ];
  for (const [origin, host, own] of table) expect(sameOrigin(origin, host, at), `${origin} to ${host}`).toBe(own);
});

test("the wait for a block needs hashrate and difficulty", () => {
  expect(nextBlock(0, 1)).toBeNull();
  expect(nextBlock(1, 0)).toBeNull();
  expect(nextBlock(Number.NaN, 1)).toBeNull();
  expect(nextBlock(2 ** 32, 30)?.mean).toBe(30);
});

test("which errors mean that the database is away", () => {
  const coded = (code: string) => Object.assign(new Error("x"), { code });
  for (const code of ["ECONNREFUSED", "57P01", "57P03", "08006", "53300", "P1001"])
    expect(isDatabaseAway(coded(code)), code).toBe(true);
  for (const code of ["23505", "42P01", "22P02", "P2002", "57014"]) expect(isDatabaseAway(coded(code)), code).toBe(false);
  expect(isDatabaseAway(new Error("outer", { cause: coded("ECONNRESET") }))).toBe(true);
  expect(isDatabaseAway(new Error("Connection terminated unexpectedly"))).toBe(true);
  expect(isDatabaseAway("ECONNREFUSED")).toBe(false);
});
