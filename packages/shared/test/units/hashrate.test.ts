import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDifficulty, formatHashrate, formatWork, parseHashrate } from "../../src/units/index.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("hashrates", () => {
  test.each([
    [0, "0 H/s"],
    [1, "1.00 H/s"],
    [999.4, "999 H/s"],
    [999.9, "1.00 kH/s"],
    [1_234, "1.23 kH/s"],
    [12_345_678, "12.3 MH/s"],
    [418e6, "418 MH/s"],
    [999_999, "1.00 MH/s"],
    [1.23e12, "1.23 TH/s"],
    [6.5e20, "650 EH/s"],
    [0.5, "0.500 H/s"],
  ])("%d hashes a second read %s", (hps, text) => {
    expect(plain(formatHashrate(hps))).toBe(text);
  });

  test("a value that is no number is shown as missing", () => {
    expect(plain(formatHashrate(Number.NaN))).toBe("– H/s");
  });

  test.each([
    ["1.5 TH/s", 1.5e12],
    ["1.5th", 1.5e12],
    ["900 k", 9e5],
    ["42", 42],
    [".5 GH/s", 5e8],
    ["3 mhps", 3e6],
  ])("%s is read as %d", (text, hps) => {
    expect(parseHashrate(text)).toBeCloseTo(hps, 3);
  });

  test.each(["", "fast", "-1 TH/s", "1 XH/s", "1.2.3", "1 TH/h"])("%s is no hashrate", (text) => {
    expect(parseHashrate(text)).toBeNull();
  });

  test("what is written is read back within half of its last digit", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e24, noNaN: true }), (hps) => {
        const back = parseHashrate(plain(formatHashrate(hps)));
        expect(back).not.toBeNull();
        expect(Math.abs((back ?? 0) - hps) / hps).toBeLessThanOrEqual(0.005 + 1e-9);
      }),
    );
  });

  test("three significant digits, whatever the size", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 9.99e26, noNaN: true }), (hps) => {
        const value = plain(formatHashrate(hps)).split(" ")[0] ?? "";
        expect(value.replace(".", "").length).toBe(3);
      }),
    );
  });

  test("difficulty and work", () => {
    expect(plain(formatDifficulty(0.0512))).toBe("0.0512");
    expect(plain(formatDifficulty(65_536))).toBe("65.5 k");
    expect(plain(formatDifficulty(1.1e14))).toBe("110 T");
    expect(plain(formatDifficulty(4.656542373906925e-10))).toBe("4.66e−10");
    expect(plain(formatWork(2 ** 32))).toBe("4.29 GH");
  });
});
