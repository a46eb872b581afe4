/**
 * Output descriptors as a node infers them for one output (`desc` of scantxoutset and listunspent): every key is a point, with or without
 * its origin in front. What they add to a PSBT is the scripts behind a hash and where the keys come from, which hardware wallets
 * ask for. Syntax: Bitcoin Core, doc/descriptors.md.
 */
import { p2ms, p2wpkh, p2wsh, sortedMultisig } from "@scure/btc-signer";
import { hexToBytes } from "../bitcoin/bytes.ts";

export interface KeyOrigin {
  pubkey: Uint8Array;
  fingerprint: number;
  path: number[];
}

export interface ResolvedDescriptor {
  /** Without its checksum. */
  text: string;
  redeem_script: Uint8Array | null;
  witness_script: Uint8Array | null;
  /** x-only inner key of a `tr()` that is spent by its key. */
  tap_internal_key: Uint8Array | null;
  origins: KeyOrigin[];
  /** Signatures and keys on the stack; null for a single key. */
  multisig: { required: number; keys: number } | null;
}

const HARDENED = 0x80000000;

/** Null for a descriptor of a form that is not known here: such an output is spent by a signer that knows its own keys. */
export function resolveDescriptor(descriptor: string): ResolvedDescriptor | null {
  const text = descriptor.replace(/#[a-z0-9]{8}$/, "").trim();
  if (text.length > 4_000) return null;
  try {
    return resolve(text);
  } catch {
    return null;
  }
}

function resolve(text: string): ResolvedDescriptor | null {
  const single = /^(pkh|wpkh|tr)\(([^(),]+)\)$/.exec(text);
  const nested = /^sh\(wpkh\(([^(),]+)\)\)$/.exec(text);
  const many = /^(wsh\(|sh\(wsh\(|sh\()(multi|sortedmulti)\((\d{1,2}),([^()]+)\)\)+$/.exec(text);
  const plain = { text, redeem_script: null, witness_script: null, tap_internal_key: null, multisig: null };
  if (single) {
    const key = readKey(single[2] as string, single[1] === "tr");
    return { ...plain, origins: key.origin ? [key.origin] : [], tap_internal_key: single[1] === "tr" ? key.pubkey : null };
  }
  if (nested) {
    const key = readKey(nested[1] as string, false);
    return { ...plain, redeem_script: p2wpkh(key.pubkey).script, origins: key.origin ? [key.origin] : [] };
  }
  if (!many) return null;
  const [, wrap, sort, required_text, keys_text = ""] = many;
  const keys = keys_text.split(",").map((key) => readKey(key, false));
  const required = Number(required_text);
  const pubkeys = keys.map((key) => key.pubkey);
  const multisig = sort === "sortedmulti" ? sortedMultisig(required, pubkeys) : p2ms(required, pubkeys);
  const script = multisig.script;
  const origins = keys.flatMap((key) => (key.origin ? [key.origin] : []));
  const shape = { ...plain, origins, multisig: { required, keys: keys.length } };
  if (wrap === "sh(") return { ...shape, redeem_script: script };
  if (wrap === "wsh(") return { ...shape, witness_script: script };
  return { ...shape, witness_script: script, redeem_script: p2wsh(multisig).script };
}

/** `[d34db33f/84h/0h/0h/0/5]02ab…` */
function readKey(text: string, x_only: boolean): { pubkey: Uint8Array; origin: KeyOrigin | null } {
  const match = /^(?:\[([0-9a-fA-F]{8})((?:\/\d{1,10}['h]?)*)\])?([0-9a-fA-F]{64,66})$/.exec(text.trim());
  if (!match) throw new RangeError("not a key");
  const [, fingerprint, path = "", hex = ""] = match;
  let pubkey = hexToBytes(hex);
  if (x_only && pubkey.length === 33) pubkey = pubkey.subarray(1);
  if (pubkey.length !== (x_only ? 32 : 33)) throw new RangeError("not a key");
  if (fingerprint === undefined) return { pubkey, origin: null };
  const steps = path
    .split("/")
    .filter((step) => step !== "")
    .map((step) => Number.parseInt(step, 10) + (/['h]$/.test(step) ? HARDENED : 0));
  return { pubkey, origin: { pubkey, fingerprint: Number.parseInt(fingerprint, 16), path: steps } };
}
