/**
 * The older way to sign a message: 65 bytes from which the key is recovered. The first byte tells the kind of address by BIP 137
 * (27 … 34 p2pkh, 35 … 38 p2sh-p2wpkh, 39 … 42 p2wpkh); wallets that never read BIP 137 use 31 … 34 for all of them.
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, MessageSignatureError, sameBytes, sized } from "./reader.ts";
import { hash160, p2wpkhScript, type ScriptKind } from "./scripts.ts";

export const RECOVERABLE_BYTES = 65;

const MAGIC = new TextEncoder().encode("Bitcoin Signed Message:\n");

/** Throws a MessageSignatureError when it is not the address's. */
export function checkRecoverable(bytes: Uint8Array, message: string, to: { kind: ScriptKind; program: Uint8Array }): void {
  const head = bytes[0] as number;
  if (head < 27 || head > 42) throw new MessageSignatureError("The signature's first byte is not one of a signed message.");
  const text = new TextEncoder().encode(message);
  const digest = sha256(sha256(concat(sized(MAGIC), sized(text))));
  const key = recover(bytes, digest);
  const compressed = head >= 31;
  const key_hash = hash160(compressed ? key.toBytes(true) : key.toBytes(false));
  if (!fits(to.kind, head) || !sameBytes(to.kind === "p2sh" ? hash160(p2wpkhScript(key_hash)) : key_hash, to.program)) {
    throw new MessageSignatureError("The signature was made with another address's key, or for another message.");
  }
}

function fits(kind: ScriptKind, head: number): boolean {
  if (kind === "p2pkh") return head <= 34;
  if (kind === "p2sh") return head >= 31 && head <= 38;
  return kind === "p2wpkh" && ((head >= 31 && head <= 34) || head >= 39);
}

function recover(bytes: Uint8Array, digest: Uint8Array) {
  try {
    const recovery = ((bytes[0] as number) - 27) & 3;
    return secp256k1.Signature.fromBytes(bytes.subarray(1), "compact").addRecoveryBit(recovery).recoverPublicKey(digest);
  } catch {
    throw new MessageSignatureError("The signature is damaged: no key can be recovered from it.");
  }
}
