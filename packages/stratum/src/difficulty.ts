/** The target of difficulty 1 as mining pools count it: 0xffff × 2^208. */
export const DIFFICULTY_1_TARGET = 0xffffn << 208n;
const TARGET_MAX = (1n << 256n) - 1n;

/** A positive double as the exact fraction it is. */
function exactFraction(value: number): { numerator: bigint; denominator: bigint } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const raw_exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  // IEEE 754: numbers without exponent bits have no hidden one.
  const mantissa = raw_exponent === 0 ? fraction : fraction | (1n << 52n);
  const exponent = (raw_exponent === 0 ? 1 : raw_exponent) - 1075;
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) };
}

/**
 * The highest hash that a share of this difficulty may have, exactly: the largest t with t × difficulty ≤ the target of 1, and
 * never above 2^256 − 1. Throws a RangeError for what is not a positive finite number.
 */
export function targetOfDifficulty(difficulty: number): bigint {
  if (!(difficulty > 0 && Number.isFinite(difficulty)))
    throw new RangeError(`difficulty must be a positive number, not ${difficulty}`);
  const { numerator, denominator } = exactFraction(difficulty);
  const target = (DIFFICULTY_1_TARGET * denominator) / numerator;
  return target < TARGET_MAX ? target : TARGET_MAX;
}

/** The difficulty that a hash (32 bytes, wire order) reaches, to a double's precision. */
export function difficultyOfHash(hash: Uint8Array): number {
  const value = bigintOfLittleEndian(hash);
  return value === 0n ? Number.POSITIVE_INFINITY : ratio(DIFFICULTY_1_TARGET, value);
}

/** a / b as a double, for numbers far beyond a double's exact integers. */
function ratio(a: bigint, b: bigint): number {
  const shift = Math.max(0, bitLength(b) - bitLength(a) + 64);
  return Number((a << BigInt(shift)) / b) / 2 ** shift;
}

const bitLength = (value: bigint): number => value.toString(2).length;

export function littleEndianOf(value: bigint, bytes = 32): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(2 * bytes, "0"), "hex").reverse());
}

export function bigintOfLittleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex") || "0"}`);
}
