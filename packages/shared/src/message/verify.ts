/**
 * Whether a message was signed with the key of an address: BIP 322 (*simple* and *full*, with the prefix of the BIP's last version or
 * without) for p2wpkh, p2sh-p2wpkh, p2tr by its key, multisig in p2wsh (also nested in p2sh), and p2pkh; and the older 65-byte signatures of BIP 137.
 * Scripts with conditions or time locks cannot be judged and are refused.
 */
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { parseAddress } from "../bitcoin/address.ts";
import type { Network } from "../settings/common.ts";
import { MessageSignatureError, sameBytes } from "./reader.ts";
import { checkRecoverable, RECOVERABLE_BYTES } from "./recoverable.ts";
import { hash160, p2pkhScript, p2wpkhScript, p2wshScript, readMultisig, type ScriptKind, scriptKind } from "./scripts.ts";
import {
  legacySighash,
  readFull,
  readSimple,
  SIGHASH_ALL,
  segwitSighash,
  type ToSign,
  taprootSighash,
  toSpendTxid,
} from "./virtual_transactions.ts";

/** Of base64; sixteen signatures with their script fit well. */
export const SIGNATURE_LENGTH_MAX = 4_096;

const WRONG = "The signature was made with another address's key, or for another message.";

/**
 * Returns when the signature is good; throws a MessageSignatureError whose message says what is wrong with it, and an AddressError for
 * an address that is none.
 */
export function verifyMessage(address: string, network: Network, message: string, signature: string): void {
  const { script } = parseAddress(address, network);
  const to = scriptKind(script);
  if (!to) throw new MessageSignatureError("Addresses of this kind cannot sign messages.");
  const { variant, bytes } = decode(signature);
  if (variant === null && bytes.length === RECOVERABLE_BYTES) checkRecoverable(bytes, message, to);
  else checkTransaction(message, script, to, bytes, variant === "smp" || (variant === null && !looksFull(bytes)));
}

function checkTransaction(
  message: string,
  script: Uint8Array,
  to: { kind: ScriptKind; program: Uint8Array },
  bytes: Uint8Array,
  simple: boolean,
): void {
  const tx = simple ? readSimple(bytes) : readFull(bytes, message, script);
  const spent = toSpendTxid(message, script);
  if (to.kind !== "p2pkh" && to.kind !== "p2sh" && tx.script_sig.length > 0) throw new MessageSignatureError(WRONG);
  if (to.kind === "p2pkh") checkP2pkh(spent, tx, script, to.program);
  else if (to.kind === "p2tr") checkTaproot(spent, tx, script, to.program);
  else if (to.kind === "p2wsh") checkMultisig(spent, tx, to.program);
  else if (to.kind === "p2sh" && (tx.witness.at(-1)?.length ?? 33) !== 33) checkNestedMultisig(spent, tx, to.program, simple);
  else checkP2wpkh(spent, tx, to, simple);
}

function decode(signature: string): { variant: "smp" | "ful" | null; bytes: Uint8Array } {
  const text = signature.trim();
  if (text.length === 0) throw new MessageSignatureError("The signature is missing.");
  if (text.length > SIGNATURE_LENGTH_MAX) throw new MessageSignatureError("The signature is too long.");
  if (text.startsWith("pof"))
    throw new MessageSignatureError("A proof of funds is not what is asked for: sign the message alone.");
  // Without a prefix "smp" and "ful" are base64 too; by BIP 322 the prefix goes first.
  const variant = text.startsWith("smp") ? "smp" : text.startsWith("ful") ? "ful" : null;
  const bytes = base64(variant === null ? text : text.slice(3));
  if (bytes) return { variant, bytes };
  const whole = variant === null ? null : base64(text);
  if (whole) return { variant: null, bytes: whole };
  throw new MessageSignatureError("The signature is not base64: copy all of it, and nothing else.");
}

/** Null for text that is not base64, with or without padding. */
function base64(text: string): Uint8Array | null {
  const body = text.replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]+$/.test(body) || body.length % 4 === 1) return null;
  const binary = atob(body);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** A transaction begins with its version, a witness with how many parts it has: none has 0, and two are never followed by two empty ones. */
function looksFull(bytes: Uint8Array): boolean {
  return (bytes[0] === 0 || bytes[0] === 2) && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0;
}

function checkP2pkh(spent: Uint8Array, tx: ToSign, script: Uint8Array, key_hash: Uint8Array): void {
  const [signature, key, rest] = pushes(tx.script_sig);
  if (!signature || !key || rest || tx.witness.length > 0 || !sameBytes(hash160(key), key_hash))
    throw new MessageSignatureError(WRONG);
  if (!ecdsa(signature, legacySighash(spent, tx, script), key)) throw new MessageSignatureError(WRONG);
}

function checkP2wpkh(spent: Uint8Array, tx: ToSign, to: { kind: ScriptKind; program: Uint8Array }, simple: boolean): void {
  const [signature, key, rest] = tx.witness;
  if (to.kind === "p2sh" && tx.witness.length === 0) {
    throw new MessageSignatureError("This address's script is older than segwit: such a signature cannot be checked here.");
  }
  if (!signature || key?.length !== 33 || rest) throw new MessageSignatureError(WRONG);
  const key_hash = hash160(key);
  const redeem = p2wpkhScript(key_hash);
  const nested = to.kind === "p2sh";
  // A simple signature carries no script sig: the one script that its key can mean is put in its place.
  const pushed = simple ? redeem : pushes(tx.script_sig)[0];
  if (nested && (!pushed || !sameBytes(pushed, redeem))) throw new MessageSignatureError(WRONG);
  if (!sameBytes(nested ? hash160(redeem) : key_hash, to.program)) throw new MessageSignatureError(WRONG);
  if (!ecdsa(signature, segwitSighash(spent, tx, p2pkhScript(key_hash)), key)) throw new MessageSignatureError(WRONG);
}

function checkTaproot(spent: Uint8Array, tx: ToSign, script: Uint8Array, key: Uint8Array): void {
  const [signature, rest] = tx.witness;
  if (!signature || rest) throw new MessageSignatureError("A taproot address is asked to sign with its key, not by a script.");
  const sighash = signature.length === 64 ? 0 : signature.length === 65 ? signature[64] : undefined;
  if (sighash === undefined || (signature.length === 65 && sighash !== SIGHASH_ALL)) throw new MessageSignatureError(WRONG);
  if (!holds(() => schnorr.verify(signature.subarray(0, 64), taprootSighash(spent, tx, script, sighash), key))) {
    throw new MessageSignatureError(WRONG);
  }
}

function checkMultisig(spent: Uint8Array, tx: ToSign, program: Uint8Array): void {
  const script = tx.witness.at(-1);
  if (!script || !sameBytes(sha256(script), program)) throw new MessageSignatureError(WRONG);
  const multisig = readMultisig(script);
  if (!multisig) throw new MessageSignatureError("This address's script has conditions that cannot be checked here.");
  const single = script.at(-1) === 0xac;
  const signatures = tx.witness.slice(single ? 0 : 1, -1);
  if ((!single && tx.witness[0]?.length !== 0) || signatures.length !== multisig.required) throw new MessageSignatureError(WRONG);
  const digest = segwitSighash(spent, tx, script);
  // Signatures stand in the order of their keys, as CHECKMULTISIG wants them.
  let next = 0;
  for (const signature of signatures) {
    while (next < multisig.keys.length && !ecdsa(signature, digest, multisig.keys[next] as Uint8Array)) next += 1;
    if (next++ >= multisig.keys.length) throw new MessageSignatureError(WRONG);
  }
}

function checkNestedMultisig(spent: Uint8Array, tx: ToSign, script_hash: Uint8Array, simple: boolean): void {
  const redeem = p2wshScript(sha256(tx.witness.at(-1) as Uint8Array));
  const pushed = simple ? redeem : pushes(tx.script_sig)[0];
  if (!pushed || !sameBytes(pushed, redeem) || !sameBytes(hash160(redeem), script_hash)) throw new MessageSignatureError(WRONG);
  checkMultisig(spent, tx, redeem.subarray(2));
}

/** Strict DER, low S, SIGHASH_ALL. */
function ecdsa(signature: Uint8Array, digest: Uint8Array, key: Uint8Array): boolean {
  if (signature.at(-1) !== SIGHASH_ALL) return false;
  return holds(() => secp256k1.verify(signature.slice(0, -1), digest, key, { prehash: false, lowS: true, format: "der" }));
}

/** What cannot even be read is no good signature. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

/** Direct pushes of a script sig; none at all where it holds anything else. */
function pushes(script: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < script.length; ) {
    const length = script[at] as number;
    if (length < 1 || length > 75 || at + 1 + length > script.length) return [];
    found.push(script.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return found;
}
