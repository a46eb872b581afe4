import { type Quantity, quantityText, siQuantity } from "./si.ts";

/** A hashrate in hashes a second as value and unit: {value: "1.23", unit: "TH/s"}. */
export const hashrateQuantity = (hashrate_hps: number): Quantity => siQuantity(hashrate_hps, "H/s");

export const formatHashrate = (hashrate_hps: number): string => quantityText(hashrateQuantity(hashrate_hps));

/** Expected hashes, the unit of work: "4.29 GH". */
export const formatWork = (work_hashes: number): string => quantityText(siQuantity(work_hashes, "H"));

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15, e: 1e18, z: 1e21, y: 1e24 };

/**
 * Reads what people type: "1.5 TH/s", "1.5th", "900 k", "42". Returns hashes a second, or null when it is not a hashrate.
 * Prefixes are read without regard to case, since nobody means millihashes.
 */
export function parseHashrate(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([kmgtpezy]?)(?:h(?:ash(?:es)?)?(?:\/s|ps)?)?\s*$/i.exec(text);
  if (match === null) return null;
  const factor = FACTORS[(match[2] ?? "").toLowerCase()];
  const value = Number(match[1]);
  return factor === undefined || !Number.isFinite(value) ? null : value * factor;
}

/** Pool and network difficulty: whole numbers get an SI prefix, fractions of one are written out ("0.0512"). */
export const formatDifficulty = (difficulty: number): string => quantityText(siQuantity(difficulty, "")).trimEnd();
