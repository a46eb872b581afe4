import { averageFees, DUE_UNITS_PER_SAT, feeHeights, type PerShareTerms, perShareDue } from "@otedama/shared/payouts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const RUNS = Number(process.env.SCHEME_RUNS ?? 1500);
const terms: fc.Arbitrary<PerShareTerms> = fc.record({
  reward_sats: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  network_hashes: fc.bigInt({ min: 1n, max: 1n << 90n }),
  fee_percent: fc.double({ min: 0, max: 60, noNaN: true }),
  donation_percent: fc.double({ min: 0, max: 40, noNaN: true }),
});
const work = fc.bigInt({ min: 0n, max: 1n << 92n });

describe("a share by itself", () => {
  test("is worth its part of a block, less the fee", () => {
    const half = { reward_sats: 625_000_000n, network_hashes: 2n ** 60n, fee_percent: 2, donation_percent: 1 };
    const { due_units, donation_units } = perShareDue(2n ** 40n, half, false);
    const gross = (625_000_000n * DUE_UNITS_PER_SAT) / 2n ** 20n;
    expect(due_units).toBe((gross * 97n) / 100n);
    expect(donation_units).toBe(gross / 100n);
    expect(perShareDue(2n ** 40n, half, true).due_units).toBe((gross * 99n) / 100n);
  });

  test("is never worth more than a block, nor less than nothing, and a block's worth of shares costs no more than the block", () => {
    fc.assert(
      fc.property(work, terms, fc.boolean(), (hashes, given, exempt) => {
        const { due_units, donation_units } = perShareDue(hashes, given, exempt);
        if (due_units < 0n || donation_units < 0n) throw new Error("negative");
        const shares = hashes > 0n ? given.network_hashes / hashes || 1n : 1n;
        if ((due_units + donation_units) * shares > given.reward_sats * DUE_UNITS_PER_SAT) throw new Error("more than the block");
      }),
      { numRuns: RUNS },
    );
  });

  test("is worth no less for more work, and no more with a fee", () => {
    fc.assert(
      fc.property(work, work, terms, (hashes, more, given) => {
        const due = perShareDue(hashes, given, false).due_units;
        if (perShareDue(hashes + more, given, false).due_units < due) throw new Error("less for more");
        if (perShareDue(hashes, given, true).due_units < due) throw new Error("less without the fee");
      }),
      { numRuns: RUNS },
    );
  });

  test("terms that are none are refused", () => {
    const given = { reward_sats: 1n, network_hashes: 1n, fee_percent: 1, donation_percent: 0 };
    expect(() => perShareDue(1n, { ...given, fee_percent: Number.NaN }, false)).toThrow("between 0 and 100, not NaN");
    expect(() => perShareDue(1n, { ...given, network_hashes: 0n }, false)).toThrow(RangeError);
    expect(() => perShareDue(1n, { ...given, fee_percent: 70, donation_percent: 40 }, false)).toThrow("above 100 percent");
  });
});

test("fees are averaged over 144 blocks that lie six deep", () => {
  expect(feeHeights(800_000)).toEqual({ from: 799_850, to: 799_993 });
  expect(feeHeights(10)).toEqual({ from: 1, to: 3 });
  expect(feeHeights(7)).toBeNull();
  expect(averageFees([10n, 11n, 0n])).toBe(7n);
  expect(averageFees([])).toBe(0n);
});
