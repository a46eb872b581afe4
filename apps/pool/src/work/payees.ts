/**
 * Whom a coinbase pays. One output takes what is left, so that the sum is exact to the satoshi whatever the others' parts are.
 */
import { CoinbaseError, type CoinbaseOutput } from "./coinbase.ts";

export interface Payee {
  /** scriptPubKey. */
  script: Uint8Array;
  /** Of the whole reward, rounded down to the satoshi. */
  percent: number;
}

/** Nodes keep 4,000 weight units for header, count and coinbase: room for this many outputs of the longest common kind, and the commitment. */
export const PAYEES_MAX = 16;
/** An output below it costs more to spend than it holds (Bitcoin Core's dust limit for a P2PKH output at 3 sat/vB). */
export const DUST_SATS = 546n;

/** Percentages are taken to a millionth of a percent. */
const PERCENT_UNITS = 1_000_000;

/**
 * `payees` in their order, then `rest` with what they leave: a solo miner's own address and the pool's fee, say. A part below the dust limit
 * goes to the rest; a rest below it goes to the first payee, so that no output is worthless. Equal scripts are one output.
 * Throws a CoinbaseError for parts that are not parts, or for too many of them.
 */
export function payOut(value_sats: bigint, rest: Uint8Array, payees: readonly Payee[] = []): CoinbaseOutput[] {
  if (value_sats < 0n) throw new CoinbaseError(`a reward of ${value_sats} sats cannot be paid`);
  if (payees.length + 1 > PAYEES_MAX)
    throw new CoinbaseError(`a coinbase pays at most ${PAYEES_MAX} scripts, not ${payees.length + 1}`);
  const units = payees.map(({ percent }) => {
    if (!(percent >= 0 && percent <= 100)) throw new CoinbaseError(`${percent} is not a percentage`);
    return BigInt(Math.round(percent * PERCENT_UNITS));
  });
  const whole = BigInt(100 * PERCENT_UNITS);
  if (units.reduce((sum, unit) => sum + unit, 0n) > whole)
    throw new CoinbaseError("the parts of the coinbase are above 100 percent");

  const outputs = new Map<string, CoinbaseOutput>();
  const add = (script: Uint8Array, sats: bigint) => {
    const key = Buffer.from(script).toString("hex");
    const before = outputs.get(key)?.value_sats ?? 0n;
    outputs.set(key, { script, value_sats: before + sats });
  };
  let left = value_sats;
  for (const [index, { script }] of payees.entries()) {
    const sats = (value_sats * (units[index] ?? 0n)) / whole;
    if (sats < DUST_SATS) continue;
    add(script, sats);
    left -= sats;
  }
  const first = outputs.values().next().value;
  if (left >= DUST_SATS || first === undefined) add(rest, left);
  else if (left > 0n) add(first.script, left);
  return [...outputs.values()];
}
