import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aggregate } from "../src/shares/aggregate.ts";
import { addWork, emptyRate, hashrate } from "../src/shares/rates.ts";

describe("sums", () => {
  test("by worker, ten seconds and difficulty; work is counted of accepted shares at the difficulty they were judged by", () => {
    const share = { job_number: 1, share_difficulty: 9, sequence: 1, hash: "", end: 0, kind: "share" as const };
    const { buckets, workers } = aggregate(
      [
        { ...share, worker_id: 1, at_ms: 10_000, difficulty: 0.5, result: "accepted" },
        { ...share, worker_id: 1, at_ms: 19_999, difficulty: 0.5, result: "accepted" },
        { ...share, worker_id: 1, at_ms: 20_000, difficulty: 0.5, result: "accepted" },
        { ...share, worker_id: 1, at_ms: 20_001, difficulty: 2, result: "stale" },
        { ...share, worker_id: 7, at_ms: 20_001, difficulty: 2, result: "unauthorized" },
      ],
      (id) => id + 100,
    );
    expect(buckets.map((b) => [b.bucket_at_ms, b.worker_id, b.difficulty, b.accepted, b.stale, b.work_hashes])).toEqual([
      [10_000, 101, 0.5, 2, 0, 1n << 32n],
      [20_000, 101, 0.5, 1, 0, 1n << 31n],
      [20_000, 101, 2, 0, 1, 0n],
    ]);
    expect(workers).toMatchObject([
      { worker_id: 101, accepted: 3, stale: 1, last_share_at_ms: 20_000 },
      { worker_id: 107, unauthorized: 1, last_share_at_ms: 0 },
    ]);
  });

  test("any cut of the records into batches gives the same sums", () => {
    const share = fc.record({
      worker_id: fc.integer({ min: 1, max: 3 }),
      at_ms: fc.integer({ min: 0, max: 50_000 }),
      difficulty: fc.constantFrom(0.25, 1, 1024.5),
      result: fc.constantFrom("accepted" as const, "stale" as const, "invalid" as const),
      kind: fc.constant("share" as const),
      job_number: fc.constant(1),
      share_difficulty: fc.constant(1),
      sequence: fc.constant(1),
      hash: fc.constant(""),
      end: fc.constant(0),
    });
    fc.assert(
      fc.property(fc.array(share), fc.nat(), (records, at) => {
        const cut = at % (records.length + 1);
        const work = (list: typeof records) =>
          aggregate(list, (id) => id).buckets.reduce((sum, bucket) => sum + bucket.work_hashes, 0n);
        expect(work(records.slice(0, cut)) + work(records.slice(cut))).toBe(work(records));
      }),
    );
  });
});

describe("hashrates", () => {
  test("a steady source reads as what it is, young or old, and fades when it stops", () => {
    const rate = emptyRate(0);
    for (let at = 1_000; at <= 600_000; at += 1_000) {
      addWork(rate, 5_000, at, 60_000);
      if (at >= 20_000) expect(Math.abs(hashrate(rate, at, 60_000, 0) / 5_000 - 1)).toBeLessThan(0.06);
    }
    expect(hashrate(rate, 660_000, 60_000, 0)).toBeLessThan(5_000 * 0.38);
    expect(hashrate(rate, 600_000 + 60 * 60_000, 60_000, 0)).toBe(0);
  });

  test("shares out of order count alike", () => {
    const forward = emptyRate(0);
    const backward = emptyRate(0);
    for (const at of [1_000, 5_000, 9_000]) addWork(forward, 100, at, 60_000);
    for (const at of [9_000, 5_000, 1_000]) addWork(backward, 100, at, 60_000);
    expect(hashrate(forward, 10_000, 60_000, 0)).toBeCloseTo(hashrate(backward, 10_000, 60_000, 0), 6);
  });
});
