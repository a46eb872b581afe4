/**
 * Whether the signatures of a transaction hold, input by input: single keys (P2PKH, P2WPKH, P2SH-P2WPKH, taproot by its key) and m of n
 * (P2SH, P2WSH, P2SH-P2WSH). Only signatures over the whole transaction count (SIGHASH_ALL, taproot's default): with any other kind
 * somebody could change it after it was checked.
 *
 * Sources of the rules: BIP 143 (witness version 0), BIP 341 (taproot), BIP 66 (strict DER), BIP 146 (low s).
 */
import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { ripemd160 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { OutScript, Script, type Transaction } from "@scure/btc-signer";
import { bytesToHex } from "../bitcoin/bytes.ts";
import { PsbtError } from "./errors.ts";
import { scriptKind } from "./scripts.ts";

const SIGHASH_DEFAULT = 0;
const SIGHASH_ALL = 1;

export interface Prevout {
  script: Uint8Array;
  amount_sats: bigint;
}

/** The hash that a signature before segwit is over; part of the library and not of its types. */
interface LegacyPreimage {
  preimageLegacy(index: number, script: Uint8Array, sighash: number): Uint8Array;
}

/** Throws a PsbtError `bad_signature` or `input` that names the first input whose signature does not hold. */
export function verifySignatures(transaction: Transaction, prevouts: readonly Prevout[]): void {
  for (let index = 0; index < transaction.inputsLength; index++) {
    const problem = verifyInput(transaction, index, prevouts);
    if (problem !== null) throw new PsbtError("bad_signature", `Input ${index + 1}: ${problem}.`);
  }
}

function verifyInput(transaction: Transaction, index: number, prevouts: readonly Prevout[]): string | null {
  const prevout = prevouts[index];
  if (!prevout) return "it is not known what it spends";
  const input = transaction.getInput(index);
  const witness = input.finalScriptWitness ?? [];
  const script_sig = input.finalScriptSig ?? new Uint8Array();
  const kind = scriptKind(prevout.script);
  if (kind === "tr")
    return script_sig.length > 0 ? "it carries a scriptSig" : verifyTaproot(transaction, index, witness, prevouts);
  if (kind === "wpkh" || kind === "wsh") {
    if (script_sig.length > 0) return "it carries a scriptSig";
    return verifyWitness(transaction, index, prevout.script, prevout.amount_sats, witness);
  }
  const pushes = readPushes(script_sig);
  if (pushes === null) return "its scriptSig is no list of pushes";
  if (kind === "pkh") {
    const [signature, pubkey] = pushes;
    if (pushes.length !== 2 || !signature || !pubkey) return "a signature and a key are needed";
    if (!same(hash160(pubkey), prevout.script.subarray(3, 23))) return "its key is not the one it pays to";
    return verifyEcdsa(signature, pubkey, (sighash) => legacyHash(transaction, index, prevout.script, sighash));
  }
  if (kind !== "sh") throw new PsbtError("input", `Input ${index + 1} spends a script of a kind that cannot be checked here.`);
  const redeem = pushes.at(-1);
  if (!redeem || !same(hash160(redeem), prevout.script.subarray(2, 22))) return "its script is not the one it pays to";
  const inner = scriptKind(redeem);
  if (inner === "wpkh" || inner === "wsh") {
    if (pushes.length !== 1) return "its scriptSig holds more than its script";
    return verifyWitness(transaction, index, redeem, prevout.amount_sats, witness);
  }
  return verifyMultisig(redeem, pushes.slice(0, -1), (sighash) => legacyHash(transaction, index, redeem, sighash));
}

function verifyWitness(
  transaction: Transaction,
  index: number,
  program: Uint8Array,
  amount_sats: bigint,
  witness: readonly Uint8Array[],
): string | null {
  if (scriptKind(program) === "wpkh") {
    const [signature, pubkey] = witness;
    if (witness.length !== 2 || !signature || !pubkey) return "a signature and a key are needed";
    if (!same(hash160(pubkey), program.subarray(2))) return "its key is not the one it pays to";
    const code = OutScript.encode({ type: "pkh", hash: program.subarray(2) });
    return verifyEcdsa(signature, pubkey, (sighash) => transaction.preimageWitnessV0(index, code, sighash, amount_sats));
  }
  const script = witness.at(-1);
  if (!script || !same(sha256(script), program.subarray(2))) return "its script is not the one it pays to";
  return verifyMultisig(script, witness.slice(0, -1), (sighash) =>
    transaction.preimageWitnessV0(index, script, sighash, amount_sats),
  );
}

function verifyTaproot(
  transaction: Transaction,
  index: number,
  witness: readonly Uint8Array[],
  prevouts: readonly Prevout[],
): string | null {
  const [signature] = witness;
  if (witness.length !== 1 || !signature) {
    throw new PsbtError(
      "input",
      `Input ${index + 1} spends taproot by a script, which cannot be checked here: sign with its key.`,
    );
  }
  if (signature.length !== 64 && signature.length !== 65) return "its signature has a wrong length";
  const sighash = signature[64] ?? SIGHASH_DEFAULT;
  if (signature.length === 65 && sighash !== SIGHASH_ALL) return "its signature is not over the whole transaction";
  const hash = transaction.preimageWitnessV1(
    index,
    prevouts.map((prevout) => prevout.script),
    sighash,
    prevouts.map((prevout) => prevout.amount_sats),
  );
  const key = (prevouts[index] as Prevout).script.subarray(2);
  return holds(() => schnorr.verify(signature.subarray(0, 64), hash, key)) ? null : "its signature does not hold";
}

/** Signatures come in the order of their keys, after an empty element (BIP 147). */
function verifyMultisig(script: Uint8Array, stack: readonly Uint8Array[], hash: (sighash: number) => Uint8Array): string | null {
  const decoded = decodeScript(script);
  if (decoded?.type !== "ms") throw new PsbtError("input", "A script that is not m of n keys cannot be checked here.");
  const [dummy, ...signatures] = stack;
  if (dummy === undefined || dummy.length > 0 || signatures.length !== decoded.m) {
    return `${decoded.m} signatures are needed and it has ${signatures.length}`;
  }
  let key = 0;
  for (const signature of signatures) {
    let problem: string | null = "its signature does not hold";
    while (problem !== null && key < decoded.pubkeys.length) {
      problem = verifyEcdsa(signature, decoded.pubkeys[key] as Uint8Array, hash);
      key++;
    }
    if (problem !== null) return problem;
  }
  return null;
}

function verifyEcdsa(signature: Uint8Array, pubkey: Uint8Array, hash: (sighash: number) => Uint8Array): string | null {
  const sighash = signature.at(-1);
  if (sighash === undefined) return "its signature is empty";
  if (sighash !== SIGHASH_ALL) return "its signature is not over the whole transaction";
  const der = signature.subarray(0, -1);
  const digest = hash(sighash);
  const valid = holds(() => secp256k1.verify(der, digest, pubkey, { prehash: false, format: "der", lowS: true }));
  return valid ? null : "its signature does not hold";
}

function legacyHash(transaction: Transaction, index: number, script: Uint8Array, sighash: number): Uint8Array {
  return (transaction as unknown as LegacyPreimage).preimageLegacy(index, script, sighash);
}

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    // A key or a signature that is none.
    return false;
  }
}

function decodeScript(script: Uint8Array) {
  try {
    return OutScript.decode(script);
  } catch {
    return null;
  }
}

/** What a scriptSig pushes; null when it does anything else. */
function readPushes(script_sig: Uint8Array): Uint8Array[] | null {
  try {
    const pushes: Uint8Array[] = [];
    for (const part of Script.decode(script_sig)) {
      if (part === "OP_0" || part === 0) pushes.push(new Uint8Array());
      else if (part instanceof Uint8Array) pushes.push(part);
      else return null;
    }
    return pushes;
  } catch {
    return null;
  }
}

function hash160(bytes: Uint8Array): Uint8Array {
  return ripemd160(sha256(bytes));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return bytesToHex(a) === bytesToHex(b);
}
