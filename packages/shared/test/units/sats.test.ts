import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatSats, parseSats, splitSats } from "../../src/units/index.ts";

describe("coin amounts", () => {
  test("all eight places, split where the zeros begin", () => {
    expect(splitSats(312_500_000)).toEqual({ negative: false, whole: "3", significant: "125", insignificant: "00000" });
    expect(splitSats(0)).toEqual({ negative: false, whole: "0", significant: "", insignificant: "00000000" });
    expect(splitSats(1)).toEqual({ negative: false, whole: "0", significant: "00000001", insignificant: "" });
    expect(splitSats(-5_000_000_000n)).toEqual({ negative: true, whole: "50", significant: "", insignificant: "00000000" });
    expect(splitSats(2_100_000_000_000_000).whole).toBe("21,000,000");
  });

  test("the parts put together are the amount, for every amount", () => {
    fc.assert(
      fc.property(fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }), (sats) => {
        const { significant, insignificant } = splitSats(sats);
        expect(significant.length + insignificant.length).toBe(8);
        expect(insignificant).toMatch(/^0*$/);
        expect(significant.endsWith("0")).toBe(false);
        expect(parseSats(formatSats(sats))).toBe(sats === 0 ? 0 : sats);
      }),
    );
  });

  test.each(["", "abc", "1.123456789", "1,00.0", "1e8", "99999999999"])("%s is no amount", (text) => {
    expect(parseSats(text)).toBeNull();
  });
});
