import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRecords, encodeRecord, RECORD_BYTES_MAX } from "../../src/files/records.ts";

const payloads = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 12 });
const file = (list: readonly Uint8Array[]) => Buffer.concat(list.map(encodeRecord));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("records", () => {
  test("come back as they were written", () => {
    fc.assert(
      fc.property(payloads, (list) => {
        const found = decodeRecords(file(list));
        expect(found.payloads.map(text)).toEqual(list.map(text));
        expect(found).toMatchObject({ damaged_bytes: 0, end: file(list).length });
      }),
    );
  });

  test("cut anywhere, all that were whole come back, and nothing else", () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (list, cut) => {
        const bytes = file(list);
        const kept = bytes.subarray(0, cut % (bytes.length + 1));
        const whole = list.filter((_, i) => file(list.slice(0, i + 1)).length <= kept.length);
        expect(decodeRecords(kept).payloads.map(text)).toEqual(whole.map(text));
      }),
    );
  });

  test("with bits turned, those that were not touched come back in their order", () => {
    fc.assert(
      fc.property(payloads, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 }), (list, flips) => {
        const bytes = file(list);
        const touched = new Set<number>();
        for (const [at, bit] of flips) {
          if (bytes.length === 0) continue;
          const place = at % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place);
          touched.add(list.findIndex((_, i) => file(list.slice(0, i + 1)).length > place));
        }
        const found = decodeRecords(bytes).payloads.map(text);
        const untouched = list.filter((_, i) => !touched.has(i)).map(text);
        // Two flips may undo each other, so what was touched may come back too, as it was; never as something else.
        let at = 0;
        for (const payload of list.map(text)) if (found[at] === payload) at += 1;
        expect(at).toBe(found.length);
        expect(found.length).toBeGreaterThanOrEqual(untouched.length);
      }),
      { numRuns: 300 },
    );
  });

  test("are looked for in any bytes without an error, and a length out of bounds is no record", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void decodeRecords(Buffer.from(bytes))));
    const head = encodeRecord(Buffer.from("x"));
    head.writeUInt32LE(0xffffffff, 4);
    expect(decodeRecords(Buffer.concat([head, encodeRecord(Buffer.from("after"))])).payloads.map(String)).toEqual(["after"]);
    expect(() => encodeRecord(new Uint8Array(RECORD_BYTES_MAX + 1))).toThrow(RangeError);
  });
});
