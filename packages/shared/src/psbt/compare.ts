import type { Transaction } from "@scure/btc-signer";
import { bytesToHex } from "../bitcoin/bytes.ts";
import type { Network } from "../settings/common.ts";
import { formatSats } from "../units/sats.ts";
import { outpointName } from "./build.ts";
import { scriptName } from "./scripts.ts";

const DIFFERENCES_MAX = 10;

/**
 * Where a PSBT that came back differs from the one given out, a sentence each, at most ten. Only what the transaction does counts: what a
 * signer adds (signatures, scripts, where keys come from) is no difference.
 */
export function differences(given: Transaction, came: Transaction, network: Network): string[] {
  const found: string[] = [];
  if (came.version !== given.version) found.push(`The transaction's version is ${came.version} and was ${given.version}.`);
  if (came.lockTime !== given.lockTime) found.push(`The lock time is ${came.lockTime} and was ${given.lockTime}.`);
  if (came.inputsLength !== given.inputsLength) {
    found.push(`It spends ${came.inputsLength} inputs and the one given out spends ${given.inputsLength}.`);
  }
  if (came.outputsLength !== given.outputsLength) {
    found.push(`It has ${came.outputsLength} outputs and the one given out has ${given.outputsLength}.`);
  }
  for (let i = 0; i < Math.max(given.inputsLength, came.inputsLength); i++) {
    if (i >= given.inputsLength) found.push(`Input ${i + 1} (${outpointName(came, i)}) was not in it.`);
    else if (i >= came.inputsLength) found.push(`Input ${i + 1} (${outpointName(given, i)}) is missing.`);
    else inputDifferences(given, came, i, found);
  }
  for (let i = 0; i < Math.max(given.outputsLength, came.outputsLength); i++) {
    if (i >= given.outputsLength) found.push(`Output ${i + 1} pays ${outputName(came, i, network)} and was not in it.`);
    else if (i >= came.outputsLength) found.push(`Output ${i + 1}, ${outputName(given, i, network)}, is missing.`);
    else if (outputKey(given, i) !== outputKey(came, i)) {
      found.push(`Output ${i + 1} pays ${outputName(came, i, network)} and should pay ${outputName(given, i, network)}.`);
    }
  }
  return found.slice(0, DIFFERENCES_MAX);
}

function inputDifferences(given: Transaction, came: Transaction, i: number, found: string[]): void {
  const [was, is] = [outpointName(given, i), outpointName(came, i)];
  if (was !== is) found.push(`Input ${i + 1} spends ${is} and should spend ${was}.`);
  const [before, after] = [given.getInput(i).sequence, came.getInput(i).sequence];
  if (before !== after) found.push(`Input ${i + 1} has the sequence ${after} and should have ${before}.`);
}

function outputKey(transaction: Transaction, i: number): string {
  const { script, amount } = transaction.getOutput(i);
  return `${script ? bytesToHex(script) : "?"} ${amount}`;
}

function outputName(transaction: Transaction, i: number, network: Network): string {
  const { script, amount } = transaction.getOutput(i);
  return `${formatSats(amount ?? 0n)} BTC to ${script ? scriptName(script, network) : "nobody"}`;
}
