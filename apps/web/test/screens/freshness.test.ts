import type { LiveDto } from "@otedama/shared";
import { describe, expect, test } from "vitest";
import { type Freshness, freshness, isStale } from "../../src/lib/live/freshness.ts";

const NOW = 1_800_000_000_000;
/** The server's clock is an hour ahead: only differences of the same clock may count. */
const SERVER = NOW + 3_600_000;

function live(pool_silent_ms: number | null): LiveDto {
  return {
    at_ms: SERVER,
    pool: null,
    pool_seen_at_ms: pool_silent_ms === null ? null : SERVER - pool_silent_ms,
    agents: { total: 0, mining: 0, offline: 0, hashrate_hps: 0, temperature_c_max: null },
    database: { state: "ok", since_ms: 0, message: null },
  };
}

describe("how old the screen is", () => {
  test("live while pushes come and the pool reports", () => {
    expect(freshness({ link: "connected", live: live(800), received_at_ms: NOW - 400 }, NOW)).toEqual({ kind: "live" });
  });

  test("behind by the pool's silence and the age of the push together", () => {
    const fresh = freshness({ link: "connected", live: live(9_000), received_at_ms: NOW - 3_000 }, NOW);
    expect(fresh).toEqual({ kind: "behind", age_s: 12 });
    expect(isStale(fresh)).toBe(true);
  });

  test("a control plane without a pool is not called behind", () => {
    expect(freshness({ link: "connected", live: live(null), received_at_ms: NOW }, NOW)).toEqual({ kind: "no_pool" });
  });

  test("disconnected with the age of the last values, or without one before the first push", () => {
    expect(freshness({ link: "disconnected", live: live(0), received_at_ms: NOW - 40_000 }, NOW)).toEqual({
      kind: "disconnected",
      age_s: 40,
    });
    expect(freshness({ link: "disconnected", live: null, received_at_ms: null }, NOW)).toEqual({
      kind: "disconnected",
      age_s: null,
    });
    expect(freshness({ link: "connecting", live: null, received_at_ms: null }, NOW)).toEqual({ kind: "connecting" });
  });

  test("values are dimmed from ten seconds on, and at once when the line is down", () => {
    const cases: [Freshness, boolean][] = [
      [{ kind: "live" }, false],
      [{ kind: "behind", age_s: 9 }, false],
      [{ kind: "behind", age_s: 11 }, true],
      [{ kind: "disconnected", age_s: 2 }, true],
      [{ kind: "disconnected", age_s: null }, false],
    ];
    for (const [fresh, stale] of cases) expect(isStale(fresh)).toBe(stale);
  });
});
