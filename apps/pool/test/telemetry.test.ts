import type { PartHealth } from "@otedama/shared";
import { describe, expect, test } from "vitest";
import { Health } from "../src/telemetry/health.ts";
import { histogramText, quantile } from "../src/telemetry/histogram.ts";
import { NodeHealth } from "../src/telemetry/node_health.ts";

describe("health", () => {
  function start() {
    const clock = { ms: 1 };
    const changes: string[] = [];
    const health = new Health({ now_ms: () => clock.ms, initial: "not asked" }, (now: PartHealth) => changes.push(now.state));
    return { clock, changes, health };
  }

  test("counts the time of a state, not of its words", () => {
    const { clock, changes, health } = start();
    clock.ms = 5;
    health.set("down", "other words");
    expect(health.current).toEqual({ state: "down", since_ms: 1, message: "other words" });
    health.set("ok", null);
    clock.ms = 9;
    health.set("ok", null);
    expect(health.current).toEqual({ state: "ok", since_ms: 5, message: null });
    expect(changes).toEqual(["ok"]);
  });

  test("of several nodes: fine while all are fit, degraded while some are, down with none; each one's going and coming is told once", () => {
    const { health } = start();
    const moves: [string, string | null][] = [];
    const nodes = new NodeHealth(["a", "b"], { health, onMove: (name, message) => moves.push([name, message]) });
    nodes.report("a", null);
    expect(health.current.state).toBe("ok");
    nodes.report("a", "a is away.");
    nodes.report("a", "a is still away.");
    expect(health.current).toMatchObject({ state: "down", message: "a is still away." });
    nodes.report("b", null);
    expect(health.current).toMatchObject({ state: "degraded", message: "Mining goes on. a is still away." });
    nodes.report("a", null);
    expect(health.current).toMatchObject({ state: "ok", message: null });
    nodes.report("b", "b is away.");
    nodes.report("a", "a is away.");
    expect(health.current).toMatchObject({ state: "down", message: "a is away. b is away." });
    expect(moves).toEqual([
      ["a", "a is away."],
      ["a", null],
      ["b", "b is away."],
      ["a", "a is away."],
    ]);
  });

  test("a refused job degrades it until one is made again", () => {
    const { health } = start();
    const nodes = new NodeHealth(["a"], { health, onMove: () => {} });
    nodes.report("a", null);
    nodes.refused("No job was made.");
    expect(health.current).toMatchObject({ state: "degraded", message: "No job was made." });
    nodes.refused(null);
    expect(health.current.state).toBe("ok");
  });
});

describe("histograms", () => {
  // Bounds in ms: 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, +Inf.
  const empty = { counts: Array.from({ length: 14 }, () => 0), sum: 0 };
  const filled = { counts: [0, 10, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 22], sum: 5_000 };

  test("give quantiles of what came in between two readings", () => {
    expect(quantile(empty, filled, 0.25)).toBeCloseTo(0.05 + 0.05 * 0.55);
    expect(quantile(empty, filled, 0.5)).toBeCloseTo(0.1 + 0.15 * 0.1);
    expect(quantile(empty, filled, 0.99)).toBe(1000);
    expect(quantile(filled, filled, 0.5)).toBe(0);
  });

  test("are written in seconds", () => {
    const text = histogramText("x_seconds", "Help.", filled);
    expect(text).toContain('x_seconds_bucket{le="0.0001"} 10\n');
    expect(text).toContain('x_seconds_bucket{le="+Inf"} 22\nx_seconds_sum 5\nx_seconds_count 22\n');
  });
});
