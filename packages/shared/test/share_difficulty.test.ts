import { bigintToWire, DIFFICULTY_1_TARGET, difficultyToTarget, hashToDifficulty, wireToBigint } from "@otedama/shared";
import fc from "fast-check";
import { expect, test } from "vitest";

const difficulty = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });

test("difficulty 1 is the field's target of 1", () => {
  expect(difficultyToTarget(1)).toBe(0xffffn << 208n);
  expect(difficultyToTarget(2)).toBe(DIFFICULTY_1_TARGET / 2n);
  expect(difficultyToTarget(0.5)).toBe(DIFFICULTY_1_TARGET * 2n);
});

test("the target is exact to the last unit, for the fraction that the double is", () => {
  // 0.1 as a double is 3602879701896397 / 2^55.
  expect(difficultyToTarget(0.1)).toBe((DIFFICULTY_1_TARGET << 55n) / 3602879701896397n);
  // The smallest doubles are capped: no hash is above 2^256 - 1.
  expect(difficultyToTarget(5e-324)).toBe((1n << 256n) - 1n);
});

test("a harder difficulty never has a higher target", () => {
  fc.assert(
    fc.property(difficulty, difficulty, (a, b) => {
      expect(a <= b ? difficultyToTarget(a) >= difficultyToTarget(b) : difficultyToTarget(a) <= difficultyToTarget(b)).toBe(true);
    }),
  );
});

test("a hash at the target has that difficulty, and one above it has less", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (value) => {
      const target = difficultyToTarget(value);
      expect(hashToDifficulty(bigintToWire(target)) / value).toBeCloseTo(1, 12);
      expect(hashToDifficulty(bigintToWire(target + target / 1000n))).toBeLessThan(value);
    }),
  );
});

test("what is no difficulty is refused", () => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => difficultyToTarget(value)).toThrow(RangeError);
});

test("numbers go to the wire and back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (value) => {
      expect(wireToBigint(bigintToWire(value))).toBe(value);
    }),
  );
});
