import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TemperatureLimits } from "../../src/desired/plan.ts";
import type { MiningFigures } from "../../src/mining/mining.ts";
import { CRASH_WINDOW_MS, CrashLoop, crashWait } from "../../src/watchdogs/crash_loop.ts";
import { HUNG_AFTER_MS, HungDevice } from "../../src/watchdogs/hung_device.ts";
import { EXPECTED_MAX, NoShares } from "../../src/watchdogs/no_shares.ts";
import { HYSTERESIS_C, OverTemperature } from "../../src/watchdogs/over_temperature.ts";
import { OwnMemory } from "../../src/watchdogs/own_memory.ts";
import { Patrol } from "../../src/watchdogs/patrol.ts";

describe("a hung device", () => {
  test("is one that has work and counts nothing for half a minute; a restart that does not help is repeated ever more seldom", () => {
    const watchdog = new HungDevice();
    const fired: number[] = [];
    watchdog.look({ hashes: 5, searching: true }, 0);
    for (let now_ms = 1_000; now_ms <= 600_000; now_ms += 1_000) {
      if (watchdog.look({ hashes: 5, searching: true }, now_ms)) fired.push(now_ms / 1000);
    }
    expect(fired).toEqual([30, 90, 210, 450]);
    watchdog.look({ hashes: 6, searching: true }, 601_000);
    expect(watchdog.look({ hashes: 6, searching: true }, 601_000 + HUNG_AFTER_MS)).toBe(true);
  });

  test("is none while it is held, waits for work, or moves", () => {
    const watchdog = new HungDevice();
    for (let second = 0; second < 300; second++) {
      expect(watchdog.look({ hashes: 9, searching: false }, second * 1000)).toBe(false);
    }
    for (let second = 300; second < 600; second++) {
      expect(watchdog.look({ hashes: Math.floor(second / 20), searching: true }, second * 1000)).toBe(false);
    }
  });
});

describe("no shares", () => {
  const share = 2 ** 32;
  test("is told when chance does not explain it any more, over changes of difficulty", () => {
    const watchdog = new NoShares();
    expect(watchdog.look({ hashes: 0, accepted: 0, difficulty: 1 })).toBeNull();
    expect(watchdog.look({ hashes: 13 * share, accepted: 0, difficulty: 1 })).toBeNull();
    expect(watchdog.look({ hashes: 14 * share, accepted: 0, difficulty: 2 })).toBeNull();
    expect(watchdog.look({ hashes: 15 * share, accepted: 0, difficulty: 1 })).toBeCloseTo(14.5, 9);
    expect(watchdog.look({ hashes: 28 * share, accepted: 0, difficulty: 1 })).toBeNull();
    expect(watchdog.look({ hashes: 29 * share, accepted: 1, difficulty: 1 })).toBeNull();
    expect(watchdog.look({ hashes: 42 * share, accepted: 1, difficulty: 1 })).toBeNull();
  });

  test("happens by bad luck less than once in a hundred thousand shares", () => {
    // A seeded Poisson process, looked at eight times a share.
    let state = 42;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const watchdog = new NoShares();
    let accepted = 0;
    let next = -Math.log(random());
    let alarms = 0;
    for (let step = 0; accepted < 100_000; step++) {
      const work = step / 8;
      while (next <= work) {
        accepted += 1;
        next += -Math.log(random());
      }
      if (watchdog.look({ hashes: work * share, accepted, difficulty: 1 }) !== null) alarms += 1;
    }
    expect(alarms).toBe(0);
    expect(Math.exp(-EXPECTED_MAX)).toBeCloseTo(1e-6, 12);
  });

  test("is not looked for without a difficulty, or when counters begin anew", () => {
    const watchdog = new NoShares();
    watchdog.look({ hashes: 100 * share, accepted: 0, difficulty: null });
    expect(watchdog.look({ hashes: 200 * share, accepted: 0, difficulty: null })).toBeNull();
    expect(watchdog.look({ hashes: 0, accepted: 0, difficulty: 1 })).toBeNull();
  });
});

describe("over-temperature", () => {
  const limits: TemperatureLimits = { throttle_c: 80, stop_c: 95 };
  test("thins out step by step, stops, and comes back with a margin", () => {
    const watchdog = new OverTemperature();
    let now_s = 0;
    const look = (celsius: number | null) => {
      now_s += 15;
      return watchdog.look(celsius, limits, now_s * 1000);
    };
    expect(look(79)).toEqual({ stopped: false, throttle: 1, worse: null, recovered: false });
    expect(look(81)).toMatchObject({ throttle: 0.75, worse: "throttled" });
    expect(look(81)).toMatchObject({ throttle: 0.5625, worse: null });
    // Between the limits' margin nothing changes.
    expect(look(78)).toMatchObject({ throttle: 0.5625 });
    expect(look(96)).toMatchObject({ stopped: true, worse: "stopped" });
    expect(look(80 - HYSTERESIS_C)).toMatchObject({ stopped: true });
    for (let i = 0; i < 3; i++) look(60);
    expect(look(60).stopped).toBe(false);
    const back = Array.from({ length: 6 }, () => look(60));
    expect(back.at(-1)?.throttle).toBe(1);
    expect(back.filter(({ recovered }) => recovered)).toHaveLength(1);
    // A sensor that is gone changes nothing.
    expect(look(null)).toEqual({ stopped: false, throttle: 1, worse: null, recovered: false });
  });

  test("never hashes at or above the stop limit, never below a tenth, and does not flap within the margin", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 20, max: 120 }), { maxLength: 80 }), (readings) => {
        const watchdog = new OverTemperature();
        readings.forEach((celsius, i) => {
          const { stopped, throttle } = watchdog.look(celsius, limits, i * 5_000);
          if (celsius >= limits.stop_c) expect(stopped).toBe(true);
          expect(throttle >= 0.1 && throttle <= 1).toBe(true);
        });
        const before = watchdog.look(77, limits, 1e9);
        for (let i = 1; i < 20; i++)
          expect(watchdog.look(i % 2 ? 76 : 79, limits, 1e9 + i * 60_000).throttle).toBe(before.throttle);
      }),
    );
  });
});

describe("a crash loop", () => {
  test("is counted over starts, makes mining wait ever longer, and is over when the window is, or after a clean end", () => {
    const data_dir = mkdtempSync(join(tmpdir(), "otedama-starts-"));
    try {
      const start = (now_ms: number) => new CrashLoop({ data_dir, now_ms }, { onTrouble: (text) => expect.unreachable(text) });
      const waits = Array.from({ length: 8 }, (_, i) => start(1_000_000 + i * 1_000).wait_ms);
      expect(waits).toEqual([0, 0, 0, 0, 15_000, 30_000, 60_000, 120_000]);
      const last = start(1_010_000);
      expect(last.count).toBe(5);
      last.clean();
      const later = start(1_010_000 + CRASH_WINDOW_MS);
      expect(later).toMatchObject({ wait_ms: 0, count: 5, crashes: 0 });
      later.clean();
      expect(start(1_010_001 + CRASH_WINDOW_MS)).toMatchObject({ wait_ms: 0, crashes: 0 });
      writeFileSync(join(data_dir, "starts.json"), "\0\0");
      expect(start(9e9)).toMatchObject({ wait_ms: 0, count: 0 });
      expect(crashWait(1_000)).toBe(300_000);
    } finally {
      rmSync(data_dir, { recursive: true, force: true });
    }
  });
});

test("own memory is above its bound when three readings in a row are, once", () => {
  const watchdog = new OwnMemory(100);
  expect([50, 101, 101, 99, 101, 101, 101, 101].map((bytes) => watchdog.look(bytes))).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
    true,
    false,
  ]);
});

describe("the patrol", () => {
  function patrol(options: { supervised?: boolean } = {}) {
    const done: string[] = [];
    const world = { hashes: 0, searching: true, celsius: 50 as number | null, bytes: 10, now_ms: 0 };
    const figures = () =>
      ({
        ...world,
        shares: { accepted: 0 },
        difficulty: 1,
        pool: { state: "mining", pool: { url: "stratum+tcp://pool:1" } },
      }) as unknown as MiningFigures;
    const watch = new Patrol(
      { look_ms: 1_000, memory_max_bytes: 100, supervised: options.supervised ?? true },
      {
        rig: {
          figures,
          restart: () => done.push("restart"),
          hold: (_holder, reason) => done.push(`hold: ${reason}`),
          release: () => done.push("release"),
          throttle: (factor) => done.push(`throttle ${factor}`),
        },
        crash_loop: { count: 2 },
        temperature: () => world.celsius,
        limits: () => ({ throttle_c: 80, stop_c: 95 }),
        resident_bytes: () => world.bytes,
        now_ms: () => world.now_ms,
        restartAgent: (why) => done.push(`restart agent: ${why}`),
        onEvent: (severity, text) => done.push(`${severity}: ${text}`),
      },
    );
    const step = (more: Partial<typeof world> = {}, after_ms = 31_000) => {
      Object.assign(world, more);
      world.now_ms += after_ms;
      watch.look();
      return done.splice(0);
    };
    return { watch, step };
  }

  test("acts, counts and tells", () => {
    const { watch, step } = patrol();
    step();
    expect(step()).toEqual(["error: The processor has work and counts no hash: mining is restarted.", "restart"]);
    expect(step({ hashes: 20 * 2 ** 32 })).toEqual([
      "error: 20 shares were due and none was accepted by stratum+tcp://pool:1: mining is restarted.",
      "restart",
    ]);
    expect(step({ hashes: 21 * 2 ** 32, celsius: 82 })).toEqual([
      "throttle 0.75",
      expect.stringContaining("hashing is thinned out"),
    ]);
    expect(step({ hashes: 22 * 2 ** 32, celsius: 99 })).toEqual([
      "hold: stopped at 99 °C",
      expect.stringContaining("99 °C, at 95 °C mining stops"),
    ]);
    expect(step({ searching: false, celsius: 60 }, 70_000)).toEqual(["throttle 0.5", "release"]);
    for (let i = 0; i < 2; i++) step({ bytes: 200 * 2 ** 20 });
    expect(step()).toContain("restart agent: own memory above its bound");
    expect(watch.counts).toEqual({ hung_device: 1, no_shares: 1, over_temperature: 2, own_memory: 1, crash_loop: 2 });
  });

  test("does not end an agent that nobody would start again", () => {
    const { step } = patrol({ supervised: false });
    const done = Array.from({ length: 4 }, () => step({ bytes: 200 * 2 ** 20, searching: false })).flat();
    expect(done.filter((text) => text.startsWith("restart agent"))).toEqual([]);
    expect(done.filter((text) => text.includes("nobody would start it again"))).toHaveLength(1);
  });
});
