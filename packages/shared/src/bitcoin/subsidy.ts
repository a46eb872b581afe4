/** What a block may create, by its height: half as much every 210,000 blocks, every 150 on regtest (Bitcoin Core, chainparams.cpp). */
import type { Network } from "../settings/common.ts";

const FIRST_SUBSIDY_SATS = 5_000_000_000n;

/** Satoshis. Throws a RangeError for what is no height. */
export function subsidySats(height: number, network: Network): bigint {
  if (!Number.isSafeInteger(height) || height < 0) throw new RangeError(`a height is a whole number from 0 on, not ${height}`);
  const halvings = Math.floor(height / (network === "regtest" ? 150 : 210_000));
  return halvings >= 64 ? 0n : FIRST_SUBSIDY_SATS >> BigInt(halvings);
}
