import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Disk, REAL_DISK } from "../../src/files/atomic_file.ts";
import { NumberedBuffer } from "../../src/files/numbered_buffer.ts";

let folder: string;
let troubles: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "otedama-buffer-"));
  troubles = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is asked here needs no disk that is waited for. */
const quick: Disk = { ...REAL_DISK, fsyncSync: () => undefined };
const open = (more: { bytes_max?: number; disk?: Disk; folder?: string } = {}) => {
  const { bytes_max = 1 << 20, disk = quick } = more;
  return new NumberedBuffer(
    { folder: more.folder ?? folder, bytes_max, segment_bytes_max: 1_000, sync_ms: 0 },
    { now_ms: () => 0, disk, onTrouble: (text) => troubles.push(text) },
  );
};
const put = (buffer: NumberedBuffer, count = 1, pad = 60) => {
  for (let i = 0; i < count; i++) buffer.append((number) => ({ number, pad: "x".repeat(pad) }));
};
const numbers = (buffer: NumberedBuffer, count = 1_000) => buffer.oldest(count, 1 << 20).map(({ number }) => number);
const files = () =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

type Step = { put: number } | { first: number } | { some: number[] } | "end" | "kill";

describe("what waits on disk", () => {
  test("is what was put and not acknowledged, in order, over ends and kills, with numbers that never repeat", () => {
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ first: fc.nat({ max: 9 }) }),
      fc.record({ some: fc.array(fc.nat({ max: 40 }), { maxLength: 5 }) }),
      fc.constant("end" as const),
      fc.constant("kill" as const),
    );
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        run += 1;
        const place = join(folder, String(run));
        let buffer = open({ folder: place });
        let waiting: number[] = [];
        let next = 1;
        for (const action of steps) {
          if (action === "end" || action === "kill") {
            if (action === "end") buffer.close();
            const exact = new Set(waiting);
            buffer = open({ folder: place });
            // What was acknowledged just before a kill may come again; what was not never goes.
            waiting = numbers(buffer);
            for (const number of exact) expect(waiting).toContain(number);
          } else if ("put" in action) {
            put(buffer, action.put);
            waiting.push(...range(next, next + action.put - 1));
            next += action.put;
          } else if ("first" in action) {
            const last = waiting[action.first];
            if (last !== undefined) buffer.acknowledgeUpTo(last);
            waiting = waiting.slice(last === undefined ? 0 : action.first + 1);
          } else {
            const some = action.some.flatMap((place) => waiting[place] ?? []);
            buffer.acknowledge(some);
            waiting = waiting.filter((number) => !some.includes(number));
          }
          expect(buffer.next_number).toBe(next);
          expect(numbers(buffer)).toEqual(waiting);
          expect(buffer.waiting).toBe(waiting.length);
          expect(buffer.dropped).toBe(0);
        }
        buffer.close();
      }),
      { numRuns: 60 },
    );
  });

  test("stays within its bound: the oldest go, counted, also over a restart", () => {
    const buffer = open({ bytes_max: 5_000 });
    put(buffer, 200);
    const kept = numbers(buffer);
    expect(kept.at(-1)).toBe(200);
    expect(buffer.dropped).toBe(200 - kept.length);
    expect(files().reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThanOrEqual(5_000);
    buffer.close();
    const again = open({ bytes_max: 5_000 });
    expect(numbers(again)).toEqual(kept);
    expect(again.dropped).toBe(200 - kept.length);
    again.close();
  });

  test("is handed out within bounds of count and bytes, one at least", () => {
    const buffer = open();
    put(buffer, 30, 100);
    expect(numbers(buffer, 7)).toEqual(range(1, 7));
    expect(buffer.oldest(30, 1)).toHaveLength(1);
    expect(buffer.oldest(30, 500).length).toBeLessThan(6);
    buffer.close();
  });

  test("lets go of segments that nobody needs, and goes on counting", () => {
    const buffer = open();
    put(buffer, 100);
    buffer.acknowledgeUpTo(100);
    expect(files()).toHaveLength(1);
    buffer.skipTo(500);
    put(buffer);
    expect(numbers(buffer)).toEqual([500]);
    buffer.close();
    const again = open();
    expect(numbers(again)).toEqual([500]);
    expect(again.next_number).toBe(501);
    again.close();
  });

  test("that is torn, turned or mixed with rubbish is told of, and the rest of it comes back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("cut", "flip", "rubbish")), { maxLength: 4 }),
        (wounds) => {
          rmSync(folder, { recursive: true, force: true });
          const first = open();
          put(first, 40);
          first.close();
          for (const [which, at, kind] of wounds) {
            const path = files()[which % files().length] ?? "";
            const bytes = readFileSync(path);
            if (kind === "cut") truncateSync(path, at % (bytes.length + 1));
            else if (kind === "rubbish") appendFileSync(path, Buffer.alloc((at % 50) + 1, 0x4f));
            else if (bytes.length > 0) {
              bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ 0x10, at % bytes.length);
              writeFileSync(path, bytes);
            }
          }
          const buffer = open();
          const found = numbers(buffer);
          expect([...found].sort((a, b) => a - b)).toEqual(found);
          for (const number of found) expect(number >= 1 && number <= 40).toBe(true);
          const next = buffer.next_number;
          put(buffer, 3);
          expect(numbers(buffer).slice(-3)).toEqual(range(next, next + 2));
          for (let round = 0; round < 60 && buffer.waiting > 0; round++) {
            const last = numbers(buffer, 10).at(-1);
            if (last !== undefined) buffer.acknowledgeUpTo(last);
          }
          expect(numbers(buffer)).toEqual([]);
          buffer.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("on a disk that takes nothing counts as dropped, is told of once, and ends when the disk is well again", () => {
    let full = false;
    const disk: Disk = {
      ...quick,
      writeSync: ((file: number, bytes: Uint8Array, offset: number) => {
        if (full) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
        return REAL_DISK.writeSync(file, bytes, offset);
      }) as Disk["writeSync"],
    };
    const buffer = open({ disk });
    put(buffer, 2);
    full = true;
    put(buffer, 3);
    expect(buffer.dropped).toBe(3);
    expect(troubles.filter((text) => text.includes("ENOSPC"))).toHaveLength(1);
    full = false;
    put(buffer, 2);
    expect(numbers(buffer)).toEqual([1, 2, 6, 7]);
    expect(buffer.waiting).toBe(4);
    buffer.acknowledgeUpTo(7);
    expect(buffer.waiting).toBe(0);
    buffer.close();
  });
});
