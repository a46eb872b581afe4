import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  lostPercent,
  type RolloutRigRow,
  type RolloutRow,
  ringSizes,
  SETTLE_MS,
  stepRollout,
} from "../src/web/releases/step_rollout.ts";

const NOW = 1_000_000_000;
const ROLLOUT: RolloutRow = {
  state: "running",
  release_number: 7,
  ring: 0,
  ring_settled_at_ms: null,
  batch_rigs: 2,
  failures_max: 0,
  loss_percent_max: 5,
  watch_s: 60,
};
const rig = (agent_id: string, changes: Partial<RolloutRigRow> = {}): RolloutRigRow => ({
  agent_id,
  ring: 0,
  state: "waiting",
  settled_at_ms: null,
  hashrate_before_hps: 100,
  command_state: null,
  command_message: null,
  release_number: 6,
  online: true,
  retired: false,
  hashrate_hps: 100,
  ...changes,
});
const proved = (agent_id: string, changes: Partial<RolloutRigRow> = {}) =>
  rig(agent_id, { state: "proved", settled_at_ms: NOW - SETTLE_MS, release_number: 7, ...changes });

describe("a roll-out", () => {
  test("begins with the first ring alone, so many at once", () => {
    const rigs = [rig("a"), rig("b"), rig("c"), rig("d", { ring: 1 })];
    expect(stepRollout(ROLLOUT, rigs, NOW)).toEqual({
      settle: [],
      issue: ["a", "b"],
      ring: 0,
      ring_settled_at_ms: null,
      end: null,
    });
    const updating = [rig("a", { state: "updating", command_state: "running" }), rig("b"), rig("c")];
    expect(stepRollout(ROLLOUT, updating, NOW).issue).toEqual(["b"]);
  });

  test("takes a rig as updated when the command is proved and the rig says so itself", () => {
    const one = { state: "updating", command_state: "proved", command_message: "runs" } as const;
    expect(stepRollout(ROLLOUT, [rig("a", one)], NOW).settle).toEqual([]);
    expect(stepRollout(ROLLOUT, [rig("a", { ...one, release_number: 7 })], NOW).settle).toEqual([
      { agent_id: "a", state: "proved", message: "runs" },
    ]);
    expect(
      stepRollout(ROLLOUT, [rig("a", { state: "updating", command_state: "expired", release_number: 7 })], NOW).settle,
    ).toEqual([{ agent_id: "a", state: "proved", message: null }]);
  });

  test("watches a ring before the next one begins, and ends after the last", () => {
    const rigs = [proved("a"), rig("b", { ring: 1 })];
    const settled = stepRollout(ROLLOUT, rigs, NOW);
    expect(settled).toMatchObject({ ring: 0, ring_settled_at_ms: NOW, issue: [] });
    const watched = { ...ROLLOUT, ring_settled_at_ms: NOW };
    expect(stepRollout(watched, rigs, NOW + 59_999)).toMatchObject({ ring: 0, end: null });
    expect(stepRollout(watched, rigs, NOW + 60_000)).toMatchObject({ ring: 1, ring_settled_at_ms: null, end: null });
    const last = { ...ROLLOUT, ring: 2, ring_settled_at_ms: NOW - 60_000 };
    expect(stepRollout(last, [proved("a"), proved("b", { ring: 2 })], NOW).end).toEqual({
      state: "done",
      message: "2 rigs proved it, 0 failed.",
    });
  });

  test("stops by itself when more rigs fail than were allowed", () => {
    const rigs = [
      rig("a", { state: "updating", command_state: "failed", command_message: "the disk is full" }),
      rig("b", { ring: 1 }),
    ];
    expect(stepRollout(ROLLOUT, rigs, NOW)).toEqual({
      settle: [{ agent_id: "a", state: "failed", message: "the disk is full" }],
      issue: [],
      ring: 0,
      ring_settled_at_ms: null,
      end: { state: "stopped", message: "Stopped by itself: 1 rig could not be updated, and 0 were allowed." },
    });
  });

  test("stops by itself when a ring proved nothing, however many failures were allowed", () => {
    const failed = rig("a", { state: "failed", settled_at_ms: NOW });
    expect(stepRollout({ ...ROLLOUT, failures_max: 9 }, [failed, rig("b", { ring: 1 })], NOW).end?.message).toContain(
      "no rig of this ring proved",
    );
    expect(stepRollout({ ...ROLLOUT, failures_max: 9 }, [failed, proved("b")], NOW).end).toBeNull();
  });

  test("stops by itself when the updated rigs do less than before, also when they are gone", () => {
    expect(stepRollout(ROLLOUT, [proved("a", { hashrate_hps: 94 })], NOW).end?.message).toContain(
      "do 6.0 % less than before, and 5 % was allowed",
    );
    expect(stepRollout(ROLLOUT, [proved("a", { online: false })], NOW).end?.message).toContain("do 100.0 % less");
    expect(stepRollout(ROLLOUT, [proved("a", { hashrate_hps: 96 })], NOW).end).toBeNull();
    // Too soon to be compared, and nothing to compare with.
    expect(lostPercent([proved("a", { hashrate_hps: 0, settled_at_ms: NOW })], NOW)).toBeNull();
    expect(lostPercent([proved("a", { hashrate_before_hps: 0 })], NOW)).toBeNull();
  });

  test("goes on without rigs that are away, but learns nothing from a ring of them alone", () => {
    expect(stepRollout(ROLLOUT, [rig("a", { online: false }), rig("b", { ring: 1 })], NOW)).toMatchObject({
      ring: 0,
      ring_settled_at_ms: null,
      issue: [],
    });
    const some = { ...ROLLOUT, ring_settled_at_ms: NOW - 60_000 };
    expect(stepRollout(some, [proved("a"), rig("b", { online: false }), rig("c", { ring: 1 })], NOW).ring).toBe(1);
    // One that comes back later is updated, whatever ring is on.
    expect(stepRollout({ ...ROLLOUT, ring: 2 }, [rig("a"), proved("b", { ring: 2 })], NOW).issue).toEqual(["a"]);
  });

  test.each(["paused", "stopped"] as const)("that is %s issues nothing, and still hears what became of the rest", (state) => {
    const rigs = [rig("a", { state: "updating", command_state: "failed" }), rig("b")];
    expect(stepRollout({ ...ROLLOUT, state }, rigs, NOW)).toMatchObject({
      issue: [],
      end: null,
      settle: [{ agent_id: "a", state: "failed" }],
    });
  });

  test("passes over a rig that was retired", () => {
    expect(stepRollout(ROLLOUT, [rig("a", { retired: true }), proved("b")], NOW).settle).toEqual([
      { agent_id: "a", state: "skipped", message: "It was retired." },
    ]);
  });

  test("never has more under way than the batch, nor a rig of a ring to come, whatever the rows say", () => {
    const row = fc.record({
      ring: fc.integer({ min: 0, max: 2 }),
      state: fc.constantFrom("waiting", "updating", "proved", "failed", "skipped" as const),
      command_state: fc.constantFrom(null, "queued", "running", "proved", "failed" as const),
      release_number: fc.constantFrom(null, 6, 7, 8),
      online: fc.boolean(),
      retired: fc.boolean(),
      hashrate_hps: fc.double({ min: 0, max: 1e9, noNaN: true }),
      settled_at_ms: fc.constantFrom(null, NOW - SETTLE_MS),
    });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 40 }),
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 1, max: 5 }),
        (rows, ring, batch_rigs) => {
          const rigs = rows.map((changes, i) => rig(String(i), changes as Partial<RolloutRigRow>));
          const { issue, settle, ring: next, end } = stepRollout({ ...ROLLOUT, ring, batch_rigs, failures_max: 10 }, rigs, NOW);
          const settled = new Set(settle.map(({ agent_id }) => agent_id));
          const under_way = rigs.filter(
            ({ agent_id, ring: of, state }) => of <= ring && state === "updating" && !settled.has(agent_id),
          );
          expect(issue.length === 0 || under_way.length + issue.length <= batch_rigs).toBe(true);
          for (const id of issue) expect(rigs[Number(id)]).toMatchObject({ state: "waiting", online: true, retired: false });
          for (const id of issue) expect(rigs[Number(id)]?.ring).toBeLessThanOrEqual(ring);
          if (end !== null || next !== ring) expect(issue).toEqual([]);
        },
      ),
    );
  });

  test("parts rigs into rings that hold them all", () => {
    expect(ringSizes(1, 1)).toEqual([1, 0, 0]);
    expect(ringSizes(100, 2)).toEqual([2, 8, 90]);
    expect(ringSizes(10_000, 1)).toEqual([1, 999, 9_000]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 1, max: 100 }), (rigs, canary) => {
        const sizes = ringSizes(rigs, canary);
        expect(sizes.reduce((sum, size) => sum + size)).toBe(rigs);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
