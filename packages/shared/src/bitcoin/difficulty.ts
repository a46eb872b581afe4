/**
 * Difficulty: how many times harder than difficulty 1 (target 0xffff × 2^208) a target is. Miners are given it as a number, so it is
 * an IEEE double; everything here takes that double at its exact value, in integers, so that each party that starts
 * from the same number arrives at the same target and the same work.
 */
import { wireToBigint } from "./bytes.ts";
import { nbitsToTarget, TARGET_MAX } from "./target.ts";

/** Target of difficulty 1. */
export const DIFFICULTY_1_TARGET = 0xffffn << 208n;

/** ⌊difficulty-1 target / difficulty⌋, held within 1 … 2^256 − 1. Throws a RangeError unless the difficulty is finite and above 0. */
export function difficultyToTarget(difficulty: number): bigint {
  const { mantissa, exponent } = exact(difficulty);
  const target =
    exponent < 0 ? (DIFFICULTY_1_TARGET << BigInt(-exponent)) / mantissa : DIFFICULTY_1_TARGET / (mantissa << BigInt(exponent));
  if (target > TARGET_MAX) return TARGET_MAX;
  return target === 0n ? 1n : target;
}

/** The double nearest to the true quotient (within one unit in its last place). */
export function targetToDifficulty(target: bigint): number {
  if (target <= 0n || target > TARGET_MAX) throw new RangeError("a target is between 1 and 2^256 - 1");
  // 64 and more significant bits of the quotient; Number() then rounds to 53.
  const shift = Math.max(0, 64 + target.toString(2).length - 224);
  return Number((DIFFICULTY_1_TARGET << BigInt(shift)) / target) / 2 ** shift;
}

/** The difficulty that a hash (32 bytes, wire order) reaches. */
export function hashToDifficulty(hash: Uint8Array): number {
  const value = wireToBigint(hash);
  return value === 0n ? Number.POSITIVE_INFINITY : targetToDifficulty(value);
}

export function nbitsToDifficulty(nbits: number): number {
  return targetToDifficulty(nbitsToTarget(nbits));
}

/** Expected hashes of a share of this difficulty: ⌊difficulty × 2^32⌋. Sums of it are what PPLNS and hashrates count. */
export function workHashes(difficulty: number): bigint {
  // Multiplying a double by a power of two is exact.
  const hashes = Math.floor(difficulty * 2 ** 32);
  if (difficulty > 0 && Number.isFinite(hashes)) return BigInt(hashes);
  const { mantissa, exponent } = exact(difficulty);
  return mantissa << BigInt(exponent + 32);
}

/** A positive double as mantissa × 2^exponent, exactly. */
function exact(value: number): { mantissa: bigint; exponent: number } {
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`a difficulty is a finite number above 0, not ${value}`);
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const fraction = bits & 0xfffffffffffffn;
  const biased = Number(bits >> 52n);
  return biased === 0 ? { mantissa: fraction, exponent: -1074 } : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}
