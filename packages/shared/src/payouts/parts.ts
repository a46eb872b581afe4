/** Percentages and proportions of money, in whole satoshis. */

/** Percentages are taken to a millionth of a percent. */
export const PARTS = 100_000_000n;

/** A percentage in hundred-millionths. Throws a RangeError for one that is not between 0 and 100. */
export function partsOf(percent: number): bigint {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`a percentage is between 0 and 100, not ${percent}`);
  return BigInt(Math.round(percent * 1_000_000));
}

/** Rounded down. */
export function percentOf(sats: bigint, percent: number): bigint {
  return (sats * partsOf(percent)) / PARTS;
}

/**
 * Divides satoshis by weight, all of them: parts are rounded down, and what is left over goes, a satoshi each, to the largest remainders
 * (equal ones in the order of account ids, so that the order of the input means nothing). A part never becomes smaller when its weight grows.
 * The weights must not all be zero.
 */
export function divide(sats: bigint, weights: ReadonlyMap<number, bigint>): Map<number, bigint> {
  let total = 0n;
  for (const weight of weights.values()) {
    if (weight < 0n) throw new RangeError("a weight is not negative");
    total += weight;
  }
  if (total === 0n) throw new RangeError("there is no weight to divide by");
  const parts = [...weights]
    .map(([account_id, weight]) => ({ account_id, sats: (sats * weight) / total, remainder: (sats * weight) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.account_id - b.account_id : a.remainder > b.remainder ? -1 : 1));
  let left = sats - parts.reduce((sum, part) => sum + part.sats, 0n);
  for (const part of parts) {
    if (left === 0n) break;
    part.sats += 1n;
    left -= 1n;
  }
  return new Map(parts.map((part) => [part.account_id, part.sats]));
}
