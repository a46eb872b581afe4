/**
 * BIP 322's two virtual transactions: `to_spend` pays the address's script with the message in its input, `to_sign` spends it. What is
 * signed is `to_sign`, by the rules for the script's kind: legacy, BIP 143 (witness version 0) or BIP 341 (taproot).
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { ByteReader, compactSize, concat, MessageSignatureError, sameBytes, sized, u32 } from "./reader.ts";

export interface ToSign {
  version: number;
  script_sig: Uint8Array;
  sequence: number;
  witness: Uint8Array[];
  lock_time: number;
}

export const SIGHASH_ALL = 1;
const NO_VALUE = new Uint8Array(8);
const OUTPUT = concat(NO_VALUE, sized(Uint8Array.of(0x6a)));
const WITNESS_ITEMS_MAX = 32;

const sha256d = (bytes: Uint8Array) => sha256(sha256(bytes));

export function taggedHash(tag: string, ...parts: Uint8Array[]): Uint8Array {
  const head = sha256(new TextEncoder().encode(tag));
  return sha256(concat(head, head, ...parts));
}

export function messageHash(message: string): Uint8Array {
  return taggedHash("BIP0322-signed-message", new TextEncoder().encode(message));
}

/** In wire order. */
export function toSpendTxid(message: string, script: Uint8Array): Uint8Array {
  const input = concat(new Uint8Array(32), u32(0xffffffff), sized(concat(Uint8Array.of(0, 32), messageHash(message))), u32(0));
  return sha256d(concat(u32(0), Uint8Array.of(1), input, Uint8Array.of(1), NO_VALUE, sized(script), u32(0)));
}

/** In wire order; of what a *simple* signature stands for. */
export function toSignTxid(message: string, script: Uint8Array): Uint8Array {
  return sha256d(serialise(toSpendTxid(message, script), { ...SIMPLE, witness: [] }, SIMPLE.script_sig));
}

const SIMPLE = { version: 0, script_sig: new Uint8Array(), sequence: 0, lock_time: 0 };

export function readSimple(bytes: Uint8Array): ToSign {
  const reader = new ByteReader(bytes);
  const witness = readWitness(reader);
  reader.end();
  return { ...SIMPLE, witness };
}

/** Throws a MessageSignatureError unless it is a `to_sign` of this message and script with one input. */
export function readFull(bytes: Uint8Array, message: string, script: Uint8Array): ToSign {
  const reader = new ByteReader(bytes);
  const version = reader.u32();
  let inputs = reader.compactSize();
  const segwit = inputs === 0;
  if (segwit) {
    if (reader.u8() !== 1) throw new MessageSignatureError("The signature is no transaction of BIP 322.");
    inputs = reader.compactSize();
  }
  if (inputs !== 1)
    throw new MessageSignatureError("The signature spends more than the message: a proof of funds is not what is asked for.");
  const prevout = reader.bytes(36);
  const script_sig = reader.bytes(reader.compactSize());
  const sequence = reader.u32();
  const outputs = concat(compactSize(reader.compactSize()), reader.bytes(OUTPUT.length));
  const witness = segwit ? readWitness(reader) : [];
  const lock_time = reader.u32();
  reader.end();
  if (version !== 0 && version !== 2) throw new MessageSignatureError("The signature's transaction has an unknown version.");
  if (!sameBytes(outputs, concat(Uint8Array.of(1), OUTPUT)))
    throw new MessageSignatureError("The signature's transaction must have the one empty output of BIP 322.");
  if (!sameBytes(prevout, concat(toSpendTxid(message, script), u32(0)))) {
    throw new MessageSignatureError("The signature is for another message or another address.");
  }
  return { version, script_sig, sequence, witness, lock_time };
}

function readWitness(reader: ByteReader): Uint8Array[] {
  const count = reader.compactSize();
  if (count > WITNESS_ITEMS_MAX) throw new MessageSignatureError(`The signature has more than ${WITNESS_ITEMS_MAX} parts.`);
  return Array.from({ length: count }, () => reader.bytes(reader.compactSize()));
}

function serialise(spent_txid: Uint8Array, tx: Omit<ToSign, "script_sig">, script_sig: Uint8Array): Uint8Array {
  const input = concat(spent_txid, u32(0), sized(script_sig), u32(tx.sequence));
  return concat(u32(tx.version), Uint8Array.of(1), input, Uint8Array.of(1), OUTPUT, u32(tx.lock_time));
}

/** What a signature in the script sig signs, with SIGHASH_ALL. */
export function legacySighash(spent_txid: Uint8Array, tx: ToSign, script: Uint8Array): Uint8Array {
  return sha256d(concat(serialise(spent_txid, tx, script), u32(SIGHASH_ALL)));
}

/** BIP 143, with SIGHASH_ALL. */
export function segwitSighash(spent_txid: Uint8Array, tx: ToSign, script_code: Uint8Array): Uint8Array {
  const prevout = concat(spent_txid, u32(0));
  return sha256d(
    concat(
      u32(tx.version),
      sha256d(prevout),
      sha256d(u32(tx.sequence)),
      prevout,
      sized(script_code),
      NO_VALUE,
      u32(tx.sequence),
      sha256d(OUTPUT),
      u32(tx.lock_time),
      u32(SIGHASH_ALL),
    ),
  );
}

/** BIP 341, key path without an annex. `sighash` is 0 (default) or SIGHASH_ALL. */
export function taprootSighash(spent_txid: Uint8Array, tx: ToSign, script: Uint8Array, sighash: number): Uint8Array {
  return taggedHash(
    "TapSighash",
    Uint8Array.of(0, sighash),
    u32(tx.version),
    u32(tx.lock_time),
    sha256(concat(spent_txid, u32(0))),
    sha256(NO_VALUE),
    sha256(sized(script)),
    sha256(u32(tx.sequence)),
    sha256(OUTPUT),
    Uint8Array.of(0),
    u32(0),
  );
}
