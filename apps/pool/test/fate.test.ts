import { describe, expect, test } from "vitest";
import { blockFate } from "../src/blocks/fate.ts";
import { readVerdict } from "../src/blocks/verdict.ts";

describe("verdicts", () => {
  test.each([
    [null, "accepted"],
    ["duplicate", "accepted"],
    ["rejected: duplicate", "accepted"],
    ["inconclusive", "accepted"],
    ["duplicate-invalid", "rejected"],
    ["high-hash", "rejected"],
    ["rejected: bad-cb-amount", "rejected"],
    ["rejected: bad-prevblk", "unsure"],
    [{ odd: true }, "rejected"],
  ])("%j is %s", (answer, kind) => {
    expect(readVerdict(answer).kind).toBe(kind);
  });
});

describe("a block's fate", () => {
  const options = { maturity_confirmations: 100, orphan_depth: 2 };
  const block = { hash: "a", height: 10, state: "found" as const, confirmations: 0, note: null };
  const yes = { accepted: true, note: null };
  test.each([
    ["not seen yet", block, { tip_height: 9, hash_at_height: null, outcome: yes }, "found", 0],
    ["on the chain", block, { tip_height: 10, hash_at_height: "a", outcome: null }, "pending", 1],
    [
      "on the chain after all",
      { ...block, state: "rejected" as const },
      { tip_height: 12, hash_at_height: "a", outcome: null },
      "pending",
      3,
    ],
    ["mature", block, { tip_height: 500, hash_at_height: "a", outcome: yes }, "confirmed", 100],
    ["refused", block, { tip_height: 10, hash_at_height: "b", outcome: { accepted: false, note: "high-hash" } }, "rejected", 0],
    ["beaten by one so far", block, { tip_height: 10, hash_at_height: "b", outcome: yes }, "found", 0],
    ["beaten by two", block, { tip_height: 11, hash_at_height: "b", outcome: yes }, "orphaned", 0],
    ["beaten before anybody was asked", block, { tip_height: 20, hash_at_height: "b", outcome: null }, "found", 0],
    [
      "pushed out",
      { ...block, state: "pending" as const, confirmations: 5 },
      { tip_height: 15, hash_at_height: "b", outcome: null },
      "orphaned",
      0,
    ],
    [
      "the node went back",
      { ...block, state: "pending" as const, confirmations: 5 },
      { tip_height: 8, hash_at_height: null, outcome: null },
      "pending",
      0,
    ],
    [
      "pushed out after maturity",
      { ...block, state: "confirmed" as const, confirmations: 100 },
      { tip_height: 120, hash_at_height: "b", outcome: null },
      "orphaned",
      0,
    ],
  ])("%s", (_name, given, seen, state, confirmations) => {
    expect(blockFate(given, seen, options)).toMatchObject({ state, confirmations });
  });
});
