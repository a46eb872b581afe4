/** From a batch to an unsigned transaction that is stored, with its inputs reserved; nothing has left the pool when it returns. */
import {
  type BatchItem,
  type FreeOutput,
  listBatchItems,
  listFreeOutputs,
  type OpenBatch,
  type PayoutTransactionRow,
  readOutputs,
  storeUnsigned,
} from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { hexToBytes, type Network, outputScript } from "@otedama/shared";
import { buildPsbt, outpointName, PsbtError, readPsbt } from "@otedama/shared/psbt";
import { formatSats } from "@otedama/shared/units";
import { type PayoutNode, readTransactionHex, readTxOuts } from "./chain_view.ts";
import { type Candidate, type Choice, chooseInputs, divideFee, VSIZE_MAX } from "./choose_inputs.ts";

export interface MakeOptions {
  network: Network;
  /** Where change goes: the pool's own payout address. */
  payout_script_hex: string;
  /** Confirmations that the chain asks of a coinbase before it is spent. */
  coinbase_maturity: number;
}

export type MakeResult = { made: true; fee_sats: bigint } | { made: false; wait: string };

type Spendable = Candidate & { height: number };

export async function makeFirst(
  options: MakeOptions,
  database: Database,
  node: PayoutNode,
  batch: OpenBatch,
  fee_rate: number,
): Promise<MakeResult> {
  const items = await listBatchItems(database, batch.id);
  const spendable = await readSpendable(options, database, node);
  if ("wait" in spendable) return { made: false, wait: spendable.wait };
  const fee_on_top = batch.fee_payer === "pool";
  const result = chooseInputs({
    candidates: spendable.candidates,
    amount_sats: batch.amount_sats,
    output_scripts: items.map((item) => outputScript(item.address, options.network)),
    change_script: hexToBytes(options.payout_script_hex),
    fee_rate,
    fee_on_top,
    fee_sats_min: 0n,
  });
  if (!result.chosen) return { made: false, wait: shortSentence(result, spendable.ripening_sats) };
  const { chosen } = result;
  const parts = fee_on_top ? null : divideFee(chosen.fee_at_rate_sats, items);
  const paid = items.map((item) => ({ ...item, fee_part_sats: parts?.get(item.account_id) ?? 0n }));
  return store(options, { database, node }, { batch_id: batch.id, attempt: 1, fee_rate, items: paid, chosen });
}

/** The same inputs and payments as the last attempt at a higher fee, which change and, where that is not enough, further inputs bear. */
export async function makeBump(
  options: MakeOptions,
  database: Database,
  node: PayoutNode,
  batch: OpenBatch,
  last: PayoutTransactionRow,
  fee_rate: number,
): Promise<MakeResult> {
  const items = await listBatchItems(database, batch.id);
  const before = readPsbt(last.psbt);
  const names = Array.from({ length: before.inputsLength }, (_, i) => outpointName(before, i));
  const inputs = await readOutputs(
    database,
    names.map((name) => ({ txid: name.slice(0, 64), vout: Number(name.slice(65)) })),
  );
  if (inputs.length !== names.length) return { made: false, wait: "An input of its transaction is not known any more." };
  const spendable = await readSpendable(options, database, node);
  if ("wait" in spendable) return { made: false, wait: spendable.wait };
  const result = chooseInputs({
    candidates: [...inputs.map((input) => ({ ...input, required: true })), ...spendable.candidates],
    amount_sats: items.reduce((sum, item) => sum + item.amount_sats - item.fee_part_sats, 0n),
    output_scripts: items.map((item) => outputScript(item.address, options.network)),
    change_script: hexToBytes(options.payout_script_hex),
    fee_rate,
    fee_on_top: true,
    // BIP 125 rule 4: a replacement pays for its own relay on top of what the replaced one pays.
    fee_sats_min: last.fee_sats + BigInt(last.vsize + 100),
  });
  if (!result.chosen) return { made: false, wait: shortSentence(result, spendable.ripening_sats) };
  const spec = { batch_id: batch.id, attempt: last.attempt + 1, fee_rate, items, chosen: result.chosen };
  return store(options, { database, node }, spec);
}

async function store(
  options: MakeOptions,
  parts: { database: Database; node: PayoutNode },
  spec: { batch_id: number; attempt: number; fee_rate: number; items: BatchItem[]; chosen: Choice<Spendable> },
): Promise<MakeResult> {
  const { chosen, items } = spec;
  if (chosen.vsize > VSIZE_MAX) {
    return {
      made: false,
      wait: `Its transaction would have ${chosen.vsize} vB and nodes relay at most ${VSIZE_MAX}: give the batch up and lower outputs_max.`,
    };
  }
  const inputs = [];
  for (const input of chosen.inputs) {
    const previous_hex = await readTransactionHex(parts.node, input.txid, input.height);
    inputs.push({ ...input, previous_hex });
  }
  try {
    const built = buildPsbt({
      inputs,
      outputs: items.map((item) => ({
        script_hex: Buffer.from(outputScript(item.address, options.network)).toString("hex"),
        value_sats: item.amount_sats - item.fee_part_sats,
      })),
      change: chosen.change_sats > 0n ? { script_hex: options.payout_script_hex, value_sats: chosen.change_sats } : null,
    });
    const stored = await storeUnsigned(parts.database, { ...spec, built, inputs: chosen.inputs });
    return stored
      ? { made: true, fee_sats: built.fee_sats }
      : { made: false, wait: "It changed while its transaction was made; it is made anew." };
  } catch (error) {
    if (error instanceof PsbtError) return { made: false, wait: `Its transaction cannot be made: ${error.message}` };
    throw error;
  }
}

/** Free outputs that a node agrees are there and ripe. What it does not know is left alone this time. */
async function readSpendable(
  options: MakeOptions,
  database: Database,
  node: PayoutNode,
): Promise<{ candidates: Spendable[]; ripening_sats: bigint } | { wait: string }> {
  const free = await listFreeOutputs(database);
  const candidates: Spendable[] = [];
  let ripening_sats = 0n;
  for (let at = 0; at < free.length; at += 500) {
    const page = free.slice(at, at + 500);
    const seen = await readTxOuts(node, page, true);
    for (const [index, output] of page.entries()) {
      const there = seen[index];
      const same = there?.script_hex === output.script_hex && there.value_sats === output.value_sats;
      if (!there || !same) {
        if (output.required) return { wait: givenUpSentence(output) };
        continue;
      }
      const ripe = there.confirmations >= (there.coinbase ? options.coinbase_maturity : 1);
      if (ripe) candidates.push(output);
      else ripening_sats += output.value_sats;
    }
  }
  return { candidates, ripening_sats };
}

function givenUpSentence(output: FreeOutput): string {
  return `${output.txid}:${output.vout} belongs to a transaction that was given up after it had left the pool, and is being spent by somebody: nothing is paid before that is in a block or gone.`;
}

function shortSentence(short: { have_sats: bigint; need_sats: bigint }, ripening_sats: bigint): string {
  const ripening = ripening_sats > 0n ? ` ${formatSats(ripening_sats)} BTC of coinbases are still ripening.` : "";
  return `The wallet has ${formatSats(short.have_sats)} BTC to spend and ${formatSats(short.need_sats)} BTC are needed.${ripening}`;
}
