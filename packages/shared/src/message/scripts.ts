/** The kinds of script that an address can stand for, and the multisig script that one behind a hash may be. */
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat } from "./reader.ts";

export type ScriptKind = "p2pkh" | "p2sh" | "p2wpkh" | "p2wsh" | "p2tr";

/** Null for a script of another kind. `program` is the hash or the key in it. */
export function scriptKind(script: Uint8Array): { kind: ScriptKind; program: Uint8Array } | null {
  const [a, b, c] = script;
  if (script.length === 25 && a === 0x76 && b === 0xa9 && c === 20 && script[23] === 0x88 && script[24] === 0xac) {
    return { kind: "p2pkh", program: script.subarray(3, 23) };
  }
  if (script.length === 23 && a === 0xa9 && b === 20 && script[22] === 0x87)
    return { kind: "p2sh", program: script.subarray(2, 22) };
  if (script.length === 22 && a === 0 && b === 20) return { kind: "p2wpkh", program: script.subarray(2) };
  if (script.length === 34 && a === 0 && b === 32) return { kind: "p2wsh", program: script.subarray(2) };
  if (script.length === 34 && a === 0x51 && b === 32) return { kind: "p2tr", program: script.subarray(2) };
  return null;
}

export const hash160 = (bytes: Uint8Array): Uint8Array => ripemd160(sha256(bytes));

export const p2pkhScript = (key_hash: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0x76, 0xa9, 20), key_hash, Uint8Array.of(0x88, 0xac));

export const p2wpkhScript = (key_hash: Uint8Array): Uint8Array => concat(Uint8Array.of(0, 20), key_hash);

export const p2wshScript = (script_hash: Uint8Array): Uint8Array => concat(Uint8Array.of(0, 32), script_hash);

export interface Multisig {
  required: number;
  keys: Uint8Array[];
}

/** `required` of compressed keys in a witness script, or one key's own; null for any other script, time locks among them. */
export function readMultisig(script: Uint8Array): Multisig | null {
  if (script.length === 35 && script[0] === 33 && script[34] === 0xac) return { required: 1, keys: [script.subarray(1, 34)] };
  const required = (script[0] ?? 0) - 0x50;
  const total = (script.at(-2) ?? 0) - 0x50;
  if (script.at(-1) !== 0xae || script.length !== 3 + total * 34 || required < 1 || required > total || total > 16) return null;
  const keys: Uint8Array[] = [];
  for (let i = 0; i < total; i++) {
    if (script[1 + i * 34] !== 33) return null;
    keys.push(script.subarray(2 + i * 34, 35 + i * 34));
  }
  return { required, keys };
}
