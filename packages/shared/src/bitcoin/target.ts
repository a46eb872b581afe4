/**
 * Targets and the compact form of them that a block header carries ("nBits"): one byte of exponent in base 256 and three bytes of
 * signed mantissa. Source of the rule: Bitcoin's consensus, arith_uint256::SetCompact and GetCompact.
 */

export const TARGET_MAX = (1n << 256n) - 1n;

/** Throws a RangeError for what no header may carry: a negative, zero or overflowing target. */
export function nbitsToTarget(nbits: number): bigint {
  if (!Number.isInteger(nbits) || nbits < 0 || nbits > 0xffffffff) throw new RangeError(`nbits is not 32 bits: ${nbits}`);
  const exponent = nbits >>> 24;
  const mantissa = BigInt(nbits & 0x007fffff);
  const target = exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3));
  if (target === 0n) throw new RangeError(`nbits ${hex(nbits)} is a target of zero`);
  if (nbits & 0x00800000) throw new RangeError(`nbits ${hex(nbits)} is a negative target`);
  if (target > TARGET_MAX) throw new RangeError(`nbits ${hex(nbits)} is a target of more than 256 bits`);
  return target;
}

/** The canonical compact form; precision below 16 to 24 bits of mantissa is cut off, as the chain's own retarget does. */
export function targetToNbits(target: bigint): number {
  if (target <= 0n || target > TARGET_MAX) throw new RangeError("a target is between 1 and 2^256 - 1");
  let size = Math.ceil(target.toString(2).length / 8);
  let mantissa = Number(size <= 3 ? target << BigInt(8 * (3 - size)) : target >> BigInt(8 * (size - 3)));
  // A mantissa's top bit would read as a sign.
  if (mantissa & 0x00800000) {
    mantissa >>>= 8;
    size += 1;
  }
  return ((size << 24) | mantissa) >>> 0;
}

function hex(nbits: number): string {
  return `0x${nbits.toString(16).padStart(8, "0")}`;
}
