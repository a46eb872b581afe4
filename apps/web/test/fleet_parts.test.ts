/** The pure parts of the fleet's side. */
import {
  completeUpTo,
  MISSING_RANGES_MAX,
  nearestAssignment,
  type PlacementLine,
  planPlacement,
  type RigPlace,
  takeNumber,
  workerUser,
} from "@otedama/db/web";
import { fieldChanges, SheetContent, type Target, templateProblem } from "@otedama/shared";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvError, csvCell, fromSpreadsheet, parseCsv } from "../src/server/http/csv.ts";
import { believedTime, skewSentence } from "../src/server/hub/agents/clock.ts";
import { GroupCommit, QueueFullError } from "../src/server/live/group_commit.ts";
import { sheetOf } from "./fixtures/agents.ts";

describe("report numbers", () => {
  test("in any order each counts once, and what is missing is what did not come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 120 }), (arrivals) => {
        let numbers: Parameters<typeof takeNumber>[0] = { highest: 0, missing: [] };
        const came = new Set<number>();
        for (const number of arrivals) {
          const { numbers: after, fresh } = takeNumber(numbers, number);
          expect(fresh).toBe(!came.has(number));
          came.add(number);
          numbers = after;
        }
        const highest = Math.max(0, ...came);
        const missing = Array.from({ length: highest }, (_, index) => index + 1).filter((number) => !came.has(number));
        expect(numbers.highest).toBe(highest);
        expect(numbers.missing.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => first + n))).toEqual(
          missing,
        );
        expect(completeUpTo(numbers)).toBe((missing[0] ?? highest + 1) - 1);
      }),
    );
  });

  test("keep a bounded number of gaps, the newest", () => {
    let numbers: Parameters<typeof takeNumber>[0] = { highest: 0, missing: [] };
    for (let number = 2; number <= 400; number += 2) numbers = takeNumber(numbers, number).numbers;
    expect(numbers.missing).toHaveLength(MISSING_RANGES_MAX);
    expect(numbers.missing.at(-1)).toEqual([399, 399]);
    expect(takeNumber(numbers, 1).fresh).toBe(false);
  });
});

describe("the nearest sheet", () => {
  const rig: RigPlace = {
    id: "7f3a0c1e-0000-4000-8000-000000000001",
    name: "rig one",
    site_id: 1,
    building_id: 2,
    rack_id: 3,
    rack: "R 3",
    slot: 14,
    group_ids: [9, 5],
  };
  const order: [Target, string][] = [
    ["rig", rig.id],
    ["group", "5"],
    ["group", "9"],
    ["rack", "3"],
    ["building", "2"],
    ["site", "1"],
  ];

  test("is the rig's, then its lowest group's, its rack's, its building's, its site's", () => {
    fc.assert(
      fc.property(fc.subarray(order), (some) => {
        const assignments = new Map(
          [...some, ["rack", "99"] as const, ["site", "3"] as const].map(([target, target_id]) => [
            `${target}:${target_id}`,
            { target, target_id },
          ]),
        );
        const nearest = nearestAssignment(rig, assignments);
        const first = some[0];
        expect(nearest === null ? null : [nearest.target, nearest.target_id]).toEqual(first ?? null);
      }),
    );
    expect(
      nearestAssignment({ ...rig, rack_id: null, building_id: null }, new Map([["rack:3", { target: "rack", target_id: "3" }]])),
    ).toBeNull();
  });

  test("names the worker by its place, in letters that every pool reads", () => {
    const wallet = "bc1qexample";
    expect(workerUser({ wallet, worker: "" }, rig)).toBe(wallet);
    expect(workerUser({ wallet, worker: "%RIG%-%ID%_%RACK%-%SLOT%" }, rig)).toBe("bc1qexample.rig_one-7f3a0c1e_R_3-14");
    expect(workerUser({ wallet, worker: "s%SLOT%" }, { ...rig, rack: null, slot: null })).toBe("bc1qexample.s");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const user = workerUser({ wallet, worker: "%RIG%" }, { ...rig, name });
        expect(user).toMatch(/^bc1qexample\.[A-Za-z0-9_-]*$/);
        expect(user.length).toBeLessThanOrEqual(256);
      }),
    );
  });
});

test("a sheet that cannot be meant is refused by its field", () => {
  const fieldOf = (content: unknown) => SheetContent.safeParse(content).error?.issues[0]?.path.join(".");
  const sheet = sheetOf();
  expect(fieldOf(sheet)).toBeUndefined();
  expect(fieldOf({ ...sheet, worker: "%HOST%" })).toBe("worker");
  expect(fieldOf({ ...sheet, temperature: { throttle_c: 90, stop_c: 80 } })).toBe("temperature.throttle_c");
  expect(fieldOf({ ...sheet, wallet: "two words" })).toBe("wallet");
  expect(fieldOf({ ...sheet, pools: [] })).toBe("pools");
  expect(templateProblem("%RIG%%SLOT%")).toBeNull();
  expect(templateProblem("100%")).toContain("%");
});

test("a difference names each field that changed, and nothing else", () => {
  const before = sheetOf();
  const after = {
    ...before,
    worker: "x",
    pools: [...before.pools, { url: "stratum+tcp://b:1", password: "x" }],
    cpu: { ...before.cpu, threads: 2 },
  };
  expect(fieldChanges(before, after)).toEqual([
    { field: "cpu.threads", before: 0, after: 2 },
    { field: "pools.1", before: null, after: { url: "stratum+tcp://b:1", password: "x" } },
    { field: "worker", before: "%RIG%", after: "x" },
  ]);
  fc.assert(fc.property(fc.jsonValue(), (value) => void expect(fieldChanges(value, structuredClone(value))).toEqual([])));
});

test("a time is believed when it can be, by our clock", () => {
  const now = 1_800_000_000_000;
  const hour = 3_600_000;
  expect(believedTime(now - 5_000, 0, now)).toBe(now - 5_000);
  expect(believedTime(now + 5_000, 5_000, now)).toBe(now);
  expect(believedTime(now + hour, hour, now)).toBe(now);
  expect(believedTime(now - hour - 5_000, -hour, now)).toBe(now - 5_000);
  expect(believedTime(now + hour, 0, now)).toBeNull();
  expect(believedTime(0, 0, now)).toBeNull();
  expect(skewSentence(null, 1_000)).toBeNull();
  expect(skewSentence(null, -5 * hour)).toMatchObject({ severity: "warning", text: expect.stringContaining("5 hours behind") });
  expect(skewSentence(hour, hour)).toBeNull();
  expect(skewSentence(hour, 0)).toMatchObject({ severity: "info" });
});

describe("a group commit", () => {
  const options = { interval_ms: 1, batch_max: 10, waiting_max: 25 };

  test("answers each item when its batch is written, and refuses what does not fit", async () => {
    const batches: number[][] = [];
    const commit = new GroupCommit<number, number>(options, {
      write: async (items) => {
        batches.push([...items]);
        return items.map((item) => item * 2);
      },
    });
    const answers = await Promise.allSettled(Array.from({ length: 30 }, (_, item) => commit.add(item)));
    expect(answers.slice(0, 25).map((one) => (one.status === "fulfilled" ? one.value : null))).toEqual(
      Array.from({ length: 25 }, (_, item) => item * 2),
    );
    for (const one of answers.slice(25)) expect(one).toMatchObject({ status: "rejected", reason: expect.any(QueueFullError) });
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(await commit.add(100)).toBe(200);
    await commit.settled();
  });

  test("one item that is refused does not take the others with it; a database that is away refuses all at once", async () => {
    let away = false;
    let writes = 0;
    const commit = new GroupCommit<number, number>(options, {
      write: async (items) => {
        writes++;
        if (away) throw Object.assign(new Error("no"), { code: "ECONNREFUSED" });
        if (items.includes(3)) throw new Error("poison");
        return [...items];
      },
    });
    const some = await Promise.allSettled([1, 2, 3, 4].map((item) => commit.add(item)));
    expect(some.map((one) => one.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    away = true;
    writes = 0;
    const none = await Promise.allSettled([1, 2, 4].map((item) => commit.add(item)));
    expect(none.map((one) => one.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(writes).toBe(1);
  });
});

describe("CSV", () => {
  const bounds = { rows_max: 1_000, cells_max: 10 };

  test("comes back as it went out, whatever is in it", () => {
    const cell = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\r", ""));
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { maxLength: 20 }), (rows) => {
        const text = rows.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
        expect(parseCsv(text, bounds).map((cells) => cells.map(fromSpreadsheet))).toEqual(rows);
      }),
    );
  });

  test("never fails but with a sentence", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "a", "=", "\0"), maxLength: 200 }), (text) => {
        try {
          expect(parseCsv(text, bounds).length).toBeLessThanOrEqual(200);
        } catch (error) {
          expect(error).toBeInstanceOf(CsvError);
        }
      }),
    );
    expect(() => parseCsv("a,".repeat(11), bounds)).toThrow(/columns/);
    expect(() => parseCsv("a,b\n".repeat(1_001), bounds)).toThrow(/lines/);
    expect(() => parseCsv('a,"b', bounds)).toThrow(/never closed/);
  });
});

test("a table of placements: rigs change slots, and what cannot be is told by its line", () => {
  const rig = (id: string, slot: number | null) => ({
    id,
    name: `rig ${id}`,
    site: "s",
    building: "b",
    rack: "r",
    slot,
    groups: ["g"],
  });
  const rigs = [rig("a", 1), rig("b", 2), rig("c", 3)];
  const line = (number: number, id: string, changes: Partial<PlacementLine> = {}): PlacementLine => ({
    line: number,
    rig_id: id,
    rig: "",
    site: "s",
    building: "b",
    rack: "r",
    slot: "1",
    groups: null,
    ...changes,
  });
  const swap = planPlacement(rigs, [
    line(2, "a", { slot: "2" }),
    line(3, "b", { slot: "1" }),
    line(4, "c", { slot: "3", groups: "g; " }),
  ]);
  expect(swap.problems).toEqual([]);
  expect(swap.changed.map(({ id, slot, groups }) => [id, slot, groups])).toEqual([
    ["a", 2, null],
    ["b", 1, null],
  ]);
  const problems = (lines: PlacementLine[]) => planPlacement(rigs, lines).problems.map(({ line, field }) => `${line} ${field}`);
  expect(problems([line(2, "a", { slot: "3" })])).toEqual(["2 slot"]);
  expect(problems([line(2, "x")])).toEqual(["2 rig_id"]);
  expect(problems([line(2, "", { rig: "nobody" })])).toEqual(["2 rig"]);
  expect(problems([line(2, "a"), line(3, "a")])).toEqual(["3 rig"]);
  expect(problems([line(2, "a", { rack: "" })])).toContain("2 rack");
  expect(problems([line(2, "a", { slot: "1.5" })])).toEqual(["2 slot"]);
  expect(problems([line(2, "a", { site: "" })])).toEqual(["2 site"]);
});
