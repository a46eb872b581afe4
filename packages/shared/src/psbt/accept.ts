import { Transaction } from "@scure/btc-signer";
import { bytesToHex } from "../bitcoin/bytes.ts";
import type { Network } from "../settings/common.ts";
import { outpointName, spentOutput, unsignedTxid } from "./build.ts";
import { differences } from "./compare.ts";
import { PsbtError } from "./errors.ts";
import { readPsbt } from "./read.ts";
import { verifySignatures } from "./verify.ts";

export interface AcceptOptions {
  network: Network;
  /** Satoshis a virtual byte; the signed transaction's fee must lie within, with a tenth of room for sizes guessed before. */
  fee_rate_min: number;
  fee_rate_max: number;
}

export interface SignedTransaction {
  raw_hex: string;
  txid: string;
  vsize: number;
  fee_sats: bigint;
}

/**
 * Takes a PSBT that came back from a signer: it must be the one given out, with nothing changed, all signatures there and holding, and
 * the fee within bounds. The result is ready to be sent.
 *
 * What is spent is taken from the PSBT that was given out, never from the one that came back. Throws a PsbtError.
 */
export function acceptSignedPsbt(given_psbt: string, came_back: string | Uint8Array, options: AcceptOptions): SignedTransaction {
  const given = readPsbt(given_psbt);
  const came = readPsbt(came_back);
  const found = differences(given, came, options.network);
  if (found.length > 0) {
    throw new PsbtError("changed", `This is not the PSBT that was given out. ${found.join(" ")}`);
  }
  const final = finalise(came);
  const transaction = Transaction.fromRaw(final, {
    allowUnknownInputs: true,
    allowUnknownOutputs: true,
    disableScriptCheck: true,
  });
  if (unsignedTxid(transaction) !== unsignedTxid(given)) {
    throw new PsbtError("changed", "The signed transaction is not the one that was given out.");
  }
  const prevouts = Array.from({ length: given.inputsLength }, (_, index) => spentOutput(given, index));
  verifySignatures(transaction, prevouts);
  const fee_sats = prevouts.reduce((sum, prevout) => sum + prevout.amount_sats, 0n) - outputSum(transaction);
  const { vsize } = transaction;
  const rate = Number(fee_sats) / vsize;
  if (rate < options.fee_rate_min * 0.9 || rate > options.fee_rate_max * 1.1 + 1) {
    throw new PsbtError(
      "fee",
      `The fee of ${fee_sats} sats is ${rate.toFixed(1)} sat/vB, outside of the policy's ${options.fee_rate_min} to ${options.fee_rate_max}.`,
    );
  }
  return { raw_hex: bytesToHex(final), txid: transaction.id, vsize, fee_sats };
}

function finalise(transaction: Transaction): Uint8Array {
  for (let index = 0; index < transaction.inputsLength; index++) {
    const input = transaction.getInput(index);
    if (input.finalScriptWitness?.length || input.finalScriptSig?.length) continue;
    const name = `Input ${index + 1} (${outpointName(transaction, index)})`;
    if (!input.partialSig?.length && !input.tapKeySig) {
      throw new PsbtError("incomplete", `${name} is not signed.`);
    }
    try {
      transaction.finalizeIdx(index);
    } catch (error) {
      throw new PsbtError("incomplete", `${name} is not signed completely: ${(error as Error).message.slice(0, 160)}.`);
    }
  }
  try {
    return transaction.extract();
  } catch (error) {
    throw new PsbtError("incomplete", `The PSBT is not complete: ${(error as Error).message.slice(0, 160)}.`);
  }
}

function outputSum(transaction: Transaction): bigint {
  let sum = 0n;
  for (let i = 0; i < transaction.outputsLength; i++) sum += transaction.getOutput(i).amount ?? 0n;
  return sum;
}
