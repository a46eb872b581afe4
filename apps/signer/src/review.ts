/**
 * What the signer makes of a PSBT before it signs: everything is read from the PSBT itself, nothing is taken on the pool's word. What
 * pays the signer's own key is change, all else is paid away and limited. Pure.
 */
import type { Network, SignerLimits } from "@otedama/shared";
import {
  inputWeight,
  outpointName,
  scriptKind,
  scriptName,
  spentOutput,
  transactionVsize,
  unsignedTxid,
} from "@otedama/shared/psbt";
import { formatSats } from "@otedama/shared/units";
import type { Transaction } from "@scure/btc-signer";

/** Why it is not signed; the message is a sentence for the operator. */
export class PolicyRefusal extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Review {
  unsigned_txid: string;
  outpoints: string[];
  /** To anybody but the signer's own key. */
  pays_sats: bigint;
  change_sats: bigint;
  fee_sats: bigint;
}

export interface ReviewOptions {
  network: Network;
  own_script: Uint8Array;
  limits: SignerLimits;
}

const SIGHASH_ALL = 1;
const INPUTS_MAX = 2_000;

/** Throws a PolicyRefusal, or a PsbtError for an input that does not say what it spends. */
export function reviewTransaction(transaction: Transaction, options: ReviewOptions): Review {
  const { limits, network } = options;
  const own = Buffer.from(options.own_script);
  if (transaction.inputsLength === 0 || transaction.inputsLength > INPUTS_MAX) {
    throw new PolicyRefusal("inputs", `It has ${transaction.inputsLength} inputs; 1 to ${INPUTS_MAX} are signed.`);
  }
  let total_in = 0n;
  const scripts: Uint8Array[] = [];
  for (let index = 0; index < transaction.inputsLength; index++) {
    const { script, amount_sats } = spentOutput(transaction, index);
    if (!own.equals(script)) {
      throw new PolicyRefusal(
        "foreign_input",
        `Input ${index + 1} (${outpointName(transaction, index)}) pays ${scriptName(script, network)}, which is not this signer's key.`,
      );
    }
    const { sighashType } = transaction.getInput(index);
    if (sighashType !== undefined && sighashType !== SIGHASH_ALL) {
      throw new PolicyRefusal("sighash", `Input ${index + 1} asks for a signature over a part of the transaction.`);
    }
    total_in += amount_sats;
    scripts.push(script);
  }
  const { pays_sats, change_sats } = readOutputs(transaction, own, options);
  const fee_sats = total_in - pays_sats - change_sats;
  checkFee(transaction, scripts, fee_sats, limits);
  if (pays_sats > BigInt(limits.transaction_sats_max)) {
    throw new PolicyRefusal(
      "transaction_limit",
      `It pays ${formatSats(pays_sats)} BTC, and a transaction may pay ${formatSats(limits.transaction_sats_max)} BTC (reference_signer.max_per_transaction).`,
    );
  }
  const outpoints = Array.from({ length: transaction.inputsLength }, (_, i) => outpointName(transaction, i));
  if (new Set(outpoints).size !== outpoints.length) throw new PolicyRefusal("inputs", "It spends an input twice.");
  return { unsigned_txid: unsignedTxid(transaction), outpoints, pays_sats, change_sats, fee_sats };
}

function readOutputs(
  transaction: Transaction,
  own: Buffer,
  { limits, network }: ReviewOptions,
): { pays_sats: bigint; change_sats: bigint } {
  if (transaction.outputsLength === 0 || transaction.outputsLength > limits.outputs_max) {
    throw new PolicyRefusal("outputs", `It has ${transaction.outputsLength} outputs; 1 to ${limits.outputs_max} are signed.`);
  }
  let pays_sats = 0n;
  let change_sats = 0n;
  let changes = 0;
  for (let index = 0; index < transaction.outputsLength; index++) {
    const { script, amount } = transaction.getOutput(index);
    if (!script || amount === undefined) throw new PolicyRefusal("outputs", `Output ${index + 1} pays nobody.`);
    if (own.equals(script)) {
      change_sats += amount;
      changes++;
      continue;
    }
    if (scriptKind(script) === "other") {
      throw new PolicyRefusal("outputs", `Output ${index + 1} pays ${scriptName(script, network)}, which is no address.`);
    }
    pays_sats += amount;
  }
  if (changes > 1) throw new PolicyRefusal("change", `It has ${changes} outputs of change; one at most is signed.`);
  return { pays_sats, change_sats };
}

function checkFee(transaction: Transaction, scripts: Uint8Array[], fee_sats: bigint, limits: SignerLimits): void {
  if (fee_sats < 0n) throw new PolicyRefusal("fee", "Its outputs pay more than its inputs hold.");
  if (fee_sats > BigInt(limits.fee_sats_max)) {
    throw new PolicyRefusal(
      "fee_limit",
      `Its fee is ${fee_sats} sats, and ${limits.fee_sats_max} is the most that is signed (reference_signer.max_fee).`,
    );
  }
  const outputs = Array.from(
    { length: transaction.outputsLength },
    (_, index) => transaction.getOutput(index).script ?? new Uint8Array(),
  );
  if (scripts.some((script) => inputWeight({ script, descriptor: null }) === null)) {
    throw new PolicyRefusal("inputs", "It spends a script of a kind that is not signed here.");
  }
  const rate =
    Number(fee_sats) /
    transactionVsize(
      scripts.map((script) => ({ script, descriptor: null })),
      outputs,
    );
  if (rate > limits.fee_rate_max) {
    throw new PolicyRefusal(
      "fee_limit",
      `Its fee is ${rate.toFixed(1)} sat/vB, and ${limits.fee_rate_max} is the most that is signed (reference_signer.max_fee_rate).`,
    );
  }
}
