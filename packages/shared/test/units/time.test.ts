import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAge, formatDuration, formatRelative, parseDuration } from "../../src/units/index.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("durations", () => {
  test.each([
    [0, "0 s"],
    [0.0004, "< 1 ms"],
    [0.82, "820 ms"],
    [0.9999, "1 s"],
    [42.4, "42 s"],
    [59.7, "1 min"],
    [192, "3 min 12 s"],
    [3_599.8, "1 h"],
    [19_200, "5 h 20 min"],
    [187_200, "2 d 4 h"],
    [86_399, "1 d"],
    [200 * 86_400, "200 d"],
    [3.1 * 365.25 * 86_400, "3.10 years"],
    [1e15, "> 1,000 years"],
    [Number.NaN, "–"],
    [-1, "–"],
  ])("%d s reads %s", (s, text) => {
    expect(plain(formatDuration(s))).toBe(text);
  });

  test("no unit ever overflows: no 60 s, 60 min or 24 h", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 8e6, noNaN: true }), (s) => {
        expect(plain(formatDuration(s))).not.toMatch(/(^| )(60 s|60 min|24 h)/);
      }),
    );
  });

  test("ages round down to one unit", () => {
    expect(plain(formatAge(59.9))).toBe("59 s");
    expect(plain(formatAge(3_599))).toBe("59 min");
    expect(plain(formatAge(-3))).toBe("0 s");
    expect(plain(formatAge(172_800))).toBe("2 d");
  });

  test("relative times", () => {
    const now = 1_800_000_000_000;
    expect(formatRelative(now - 400, now)).toBe("now");
    expect(plain(formatRelative(now - 12_000, now))).toBe("12 s ago");
    expect(plain(formatRelative(now + 2_000, now))).toBe("now");
    expect(plain(formatRelative(now + 200_000, now))).toBe("in 3 min");
  });

  test.each([
    ["90", 90],
    ["90 s", 90],
    ["1h30m", 5_400],
    ["2 d 4 h", 187_200],
    ["250ms", 0.25],
  ])("%s is read as %d s", (text, s) => {
    expect(parseDuration(text)).toBeCloseTo(s, 6);
  });

  test.each(["", "soon", "3 parsecs", "-5 s", "1 h 30"])("%s is no duration", (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});
