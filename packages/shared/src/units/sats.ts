/** Coin amounts. One coin is 100,000,000 satoshis; all arithmetic stays in integers. */
const SATS_PER_COIN = 100_000_000n;

export type SatsParts = {
  readonly negative: boolean;
  /** Whole coins, grouped: "1,250". */
  readonly whole: string;
  /** Decimals up to the last one that is not zero; may be empty. */
  readonly significant: string;
  /** The zeros that fill up to eight decimals. */
  readonly insignificant: string;
};

/**
 * Splits an amount for display with all eight decimals aligned and the trailing zeros dimmed:
 * 312_500_000 → whole "3", significant "125", insignificant "00000".
 */
export function splitSats(amount_sats: number | bigint): SatsParts {
  const sats = BigInt(amount_sats);
  const negative = sats < 0n;
  const magnitude = negative ? -sats : sats;
  const whole = (magnitude / SATS_PER_COIN).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const decimals = (magnitude % SATS_PER_COIN).toString().padStart(8, "0");
  const significant = decimals.replace(/0+$/, "");
  return { negative, whole, significant, insignificant: decimals.slice(significant.length) };
}

/** The same amount as plain text with all eight decimals: "3.12500000". */
export function formatSats(amount_sats: number | bigint): string {
  const parts = splitSats(amount_sats);
  return `${parts.negative ? "−" : ""}${parts.whole}.${parts.significant}${parts.insignificant}`;
}

/** Reads "3.125" or "1,250.00000001" into satoshis; null when it is not an amount or has more than eight decimals. */
export function parseSats(text: string): number | null {
  const match = /^\s*([-−])?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,8}))?\s*$/.exec(text);
  if (match === null) return null;
  const whole = BigInt((match[2] ?? "0").replaceAll(",", ""));
  const decimals = BigInt((match[3] ?? "").padEnd(8, "0"));
  const sats = whole * SATS_PER_COIN + decimals;
  if (sats > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return match[1] === undefined || sats === 0n ? Number(sats) : -Number(sats);
}
