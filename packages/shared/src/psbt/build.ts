import { sha256 } from "@noble/hashes/sha2.js";
import { Transaction } from "@scure/btc-signer";
import { bytesToHex, hexToBytes, wireToDisplay } from "../bitcoin/bytes.ts";
import { resolveDescriptor } from "./descriptor.ts";
import { PsbtError } from "./errors.ts";
import { encodePsbt } from "./read.ts";
import { dustLimit, scriptKind } from "./scripts.ts";
import { transactionVsize } from "./weight.ts";

export interface SpendableOutput {
  /** Display order. */
  txid: string;
  vout: number;
  value_sats: bigint;
  script_hex: string;
  descriptor: string | null;
  /** The transaction that made it, where it is known: legacy inputs need it and hardware wallets ask for it. */
  previous_hex: string | null;
}

export interface PaidOutput {
  script_hex: string;
  value_sats: bigint;
}

export interface BuiltPsbt {
  /** Base64, version 0. */
  psbt: string;
  unsigned_txid: string;
  /** At most; what a signer makes is this or a little smaller. */
  vsize: number;
  fee_sats: bigint;
  change_sats: bigint;
}

/** Replaceable (BIP 125), and without a relative lock. */
export const SEQUENCE_REPLACEABLE = 0xfffffffd;

/**
 * The unsigned transaction: the inputs as given, the outputs as given and change last, all of it replaceable. What the inputs hold beyond
 * the outputs and the change is the fee. Throws a PsbtError `input`, `output` or `short`.
 */
export function buildPsbt(spec: { inputs: SpendableOutput[]; outputs: PaidOutput[]; change: PaidOutput | null }): BuiltPsbt {
  const outputs = spec.change ? [...spec.outputs, spec.change] : spec.outputs;
  const total_in = spec.inputs.reduce((sum, input) => sum + input.value_sats, 0n);
  const total_out = outputs.reduce((sum, output) => sum + output.value_sats, 0n);
  if (total_in < total_out) throw new PsbtError("short", `The inputs hold ${total_in} sats and the outputs pay ${total_out}.`);
  const transaction = new Transaction({ version: 2, lockTime: 0, allowLegacyWitnessUtxo: true, disableScriptCheck: true });
  for (const input of spec.inputs) transaction.addInput(psbtInput(input));
  for (const [index, output] of outputs.entries()) {
    const script = hexToBytes(output.script_hex);
    if (output.value_sats < dustLimit(script)) {
      throw new PsbtError(
        "output",
        `Output ${index + 1} would pay ${output.value_sats} sats, and below ${dustLimit(script)} no node relays it.`,
      );
    }
    transaction.addOutput({ script, amount: output.value_sats });
  }
  return {
    psbt: encodePsbt(transaction),
    unsigned_txid: unsignedTxid(transaction),
    vsize: transactionVsize(
      spec.inputs.map((input) => ({ script: hexToBytes(input.script_hex), descriptor: input.descriptor })),
      outputs.map((output) => hexToBytes(output.script_hex)),
    ),
    fee_sats: total_in - total_out,
    change_sats: spec.change?.value_sats ?? 0n,
  };
}

/** Id of the transaction without its scriptSigs and witnesses: stays the same whoever signs. */
export function unsignedTxid(transaction: Transaction): string {
  return wireToDisplay(sha256(sha256(transaction.unsignedTx)));
}

function psbtInput(input: SpendableOutput) {
  const script = hexToBytes(input.script_hex);
  const kind = scriptKind(script);
  const known = input.descriptor === null ? null : resolveDescriptor(input.descriptor);
  const previous = input.previous_hex === null ? null : hexToBytes(input.previous_hex);
  const legacy = kind === "pkh" || (kind === "sh" && known?.redeem_script && !known.witness_script && known.multisig !== null);
  if (legacy && !previous) {
    throw new PsbtError("input", `${input.txid}:${input.vout} is of an old type and the transaction that made it is not known.`);
  }
  const derivations = (known?.origins ?? []).map(
    ({ pubkey, fingerprint, path }): [Uint8Array, { fingerprint: number; path: number[] }] => [pubkey, { fingerprint, path }],
  );
  return {
    txid: input.txid,
    index: input.vout,
    sequence: SEQUENCE_REPLACEABLE,
    ...(!legacy && { witnessUtxo: { script, amount: input.value_sats } }),
    ...(previous && kind !== "tr" && { nonWitnessUtxo: previous }),
    ...(known?.redeem_script && { redeemScript: known.redeem_script }),
    ...(known?.witness_script && { witnessScript: known.witness_script }),
    ...(known?.tap_internal_key && { tapInternalKey: known.tap_internal_key }),
    ...(derivations.length > 0 &&
      (kind === "tr"
        ? { tapBip32Derivation: derivations.map(([key, der]) => [key, { hashes: [], der }] as [Uint8Array, never]) }
        : { bip32Derivation: derivations })),
  };
}

/** What an input of a PSBT spends. Throws a PsbtError `input` when the PSBT does not say. */
export function spentOutput(transaction: Transaction, index: number): { script: Uint8Array; amount_sats: bigint } {
  const input = transaction.getInput(index);
  const output =
    input.witnessUtxo ?? (input.index === undefined ? undefined : input.nonWitnessUtxo?.outputs[input.index]) ?? null;
  if (!output?.script || output.amount === undefined) {
    throw new PsbtError("input", `Input ${index + 1} (${outpointName(transaction, index)}) does not say what it spends.`);
  }
  return { script: output.script, amount_sats: output.amount };
}

/** `txid:vout`, the txid in display order. */
export function outpointName(transaction: Transaction, index: number): string {
  const { txid, index: vout } = transaction.getInput(index);
  return `${txid ? bytesToHex(txid) : "?"}:${vout ?? "?"}`;
}
