import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatChange,
  formatPercent,
  groupedCount,
  shortCount,
  shortenHash,
  shortenMiddle,
} from "../../src/units/index.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("counts, shares of a whole, and identifiers", () => {
  test("counts", () => {
    expect(groupedCount(0)).toBe("0");
    expect(groupedCount(999)).toBe("999");
    expect(groupedCount(1_234_567)).toBe("1,234,567");
    expect(groupedCount(-1_000)).toBe("−1,000");
    expect(plain(shortCount(9_999))).toBe("9,999");
    expect(plain(shortCount(12_345))).toBe("12.3 k");
  });

  test.each([
    [0, "0 %"],
    [0.00001, "< 0.01 %"],
    [0.0004, "0.04 %"],
    [0.1234, "12.3 %"],
    [0.05, "5.00 %"],
    [0.9996, "100 %"],
    [1, "100 %"],
    [2.345, "235 %"],
  ])("%d of one reads %s", (fraction, text) => {
    expect(plain(formatPercent(fraction))).toBe(text);
  });

  test("changes carry their sign", () => {
    expect(plain(formatChange(0.042))).toBe("+4.2 %");
    expect(plain(formatChange(-0.123))).toBe("−12 %");
    expect(plain(formatChange(0.0001))).toBe("±0 %");
    expect(formatChange(Number.POSITIVE_INFINITY)).toBe("–");
  });

  test("memory", () => {
    expect(plain(formatBytes(0))).toBe("0 B");
    expect(plain(formatBytes(1_536))).toBe("1.50 KiB");
    expect(plain(formatBytes(16 * 2 ** 30))).toBe("16.0 GiB");
  });

  test("identifiers are shortened in the middle, short ones not at all", () => {
    expect(shortenMiddle("bcrt1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l")).toBe("bcrt1q9v…vgkx0l");
    expect(shortenMiddle("rig-7")).toBe("rig-7");
    expect(shortenHash("00000000000000000002a7c4c1e48d76c5a37902165a270156b7a8d72728a054")).toBe("…d72728a054");
    expect(shortenHash("abc")).toBe("abc");
  });
});
