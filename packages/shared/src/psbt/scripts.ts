/** scriptPubKeys by kind: how large what spends or pays them is, and below which value nobody relays them. */
import { Address, OutScript } from "@scure/btc-signer";
import { NETWORK_PARAMETERS } from "../bitcoin/address.ts";
import { bytesToHex } from "../bitcoin/bytes.ts";
import type { Network } from "../settings/common.ts";

export type ScriptKind = "pkh" | "sh" | "wpkh" | "wsh" | "tr" | "other";

export function scriptKind(script: Uint8Array): ScriptKind {
  const n = script.length;
  if (n === 25 && script[0] === 0x76 && script[1] === 0xa9 && script[2] === 0x14 && script[23] === 0x88) return "pkh";
  if (n === 23 && script[0] === 0xa9 && script[1] === 0x14 && script[22] === 0x87) return "sh";
  if (n === 22 && script[0] === 0x00 && script[1] === 0x14) return "wpkh";
  if (n === 34 && script[0] === 0x00 && script[1] === 0x20) return "wsh";
  if (n === 34 && script[0] === 0x51 && script[1] === 0x20) return "tr";
  return "other";
}

/** Weight of an output: value, length of the script, script. */
export function outputWeight(script: Uint8Array): number {
  return 4 * (8 + (script.length < 253 ? 1 : 3) + script.length);
}

/**
 * The value below which Bitcoin Core does not relay an output at its default `dustrelayfee` of 3 sat/vB: three satoshis for each byte of
 * the output and of the input that would spend it (policy.cpp, GetDustThreshold).
 */
export function dustLimit(script: Uint8Array): bigint {
  const output = 8 + (script.length < 253 ? 1 : 3) + script.length;
  const witness = ["wpkh", "wsh", "tr"].includes(scriptKind(script));
  const input = witness ? 32 + 4 + 1 + Math.floor(107 / 4) + 4 : 32 + 4 + 1 + 107 + 4;
  return BigInt(3 * (output + input));
}

/** The script's address, or the script in hex where it has none. */
export function scriptName(script: Uint8Array, network: Network): string {
  try {
    return Address(NETWORK_PARAMETERS[network]).encode(OutScript.decode(script));
  } catch {
    return `script ${bytesToHex(script)}`;
  }
}
