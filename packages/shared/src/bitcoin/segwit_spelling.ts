/**
 * What a segwit address that cannot be used really is, so that its owner is told more than that it will not do. Checksums of BIP 173
 * (bech32) and BIP 350 (bech32m).
 */
const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const BECH32 = 1;
const BECH32M = 0x2bc830a3;

export interface SegwitSpelling {
  checksum: "bech32" | "bech32m";
  /** Witness version, 0 to 31: what is above 16 is none. */
  version: number;
  program_bytes: number;
}

/** Null for text without a good checksum of either kind. */
export function readSegwitSpelling(text: string): SegwitSpelling | null {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return null;
  const separator = lower.lastIndexOf("1");
  const prefix = lower.slice(0, separator);
  const words = Array.from(lower.slice(separator + 1), (letter) => CHARSET.indexOf(letter));
  if (separator < 1 || words.length < 7 || words.includes(-1)) return null;
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  const rest = polymod([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...words]);
  if (rest !== BECH32 && rest !== BECH32M) return null;
  return {
    checksum: rest === BECH32 ? "bech32" : "bech32m",
    version: words[0] as number,
    program_bytes: Math.floor(((words.length - 7) * 5) / 8),
  };
}

function polymod(values: readonly number[]): number {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of GENERATOR.entries()) if ((top >> bit) & 1) checksum ^= generator;
  }
  return checksum >>> 0;
}
