/**
 * Which outputs a payout spends, and what it costs. Pure.
 *
 * Required ones first, then the largest until they cover the payments: few inputs make a small fee. Change too small to be worth an
 * output goes to the network.
 */
import { dustLimit, inputWeight, transactionVsize } from "@otedama/shared/psbt";

export interface Candidate {
  txid: string;
  vout: number;
  value_sats: bigint;
  script_hex: string;
  descriptor: string | null;
  /** Has to be among the inputs. */
  required: boolean;
}

export interface Choice<C extends Candidate> {
  inputs: C[];
  vsize: number;
  /** What the network gets, the change that was too small included. */
  fee_sats: bigint;
  /** What it costs at the rate: what miners share when they pay. */
  fee_at_rate_sats: bigint;
  /** 0: no change. */
  change_sats: bigint;
}

export type ChoiceResult<C extends Candidate> =
  | { chosen: Choice<C> }
  /** Not enough: this much is there that can be spent, of what is needed. */
  | { chosen: null; have_sats: bigint; need_sats: bigint };

export interface ChoiceSpec<C extends Candidate> {
  candidates: readonly C[];
  /** Sum of the payments, before any fee is deducted. */
  amount_sats: bigint;
  output_scripts: readonly Uint8Array[];
  change_script: Uint8Array;
  fee_rate: number;
  /** Whether the fee comes on top of the payments. */
  fee_on_top: boolean;
  /** A fee below which the network takes no replacement; 0 for a first attempt. */
  fee_sats_min: bigint;
}

/** Relay rule of Bitcoin Core: 400,000 weight units. */
export const VSIZE_MAX = 100_000;

export function chooseInputs<C extends Candidate>(spec: ChoiceSpec<C>): ChoiceResult<C> {
  const known = spec.candidates.filter((candidate) => weightOf(candidate) !== null);
  const worth = known.filter((candidate) => candidate.required || candidate.value_sats > inputCost(candidate, spec.fee_rate));
  const required = worth.filter((candidate) => candidate.required);
  const others = worth.filter((candidate) => !candidate.required).sort(byValue);
  const inputs = [...required];
  let need_sats = spec.amount_sats;
  for (let next = 0; ; next++) {
    const tried = inputs.length > 0 ? price(inputs, spec) : { chosen: null, need_sats: spec.amount_sats };
    if (tried.chosen) return { chosen: tried.chosen };
    need_sats = tried.need_sats;
    const more = others[next];
    if (!more) return { chosen: null, have_sats: sum(inputs), need_sats };
    inputs.push(more);
  }
}

function price<C extends Candidate>(
  inputs: C[],
  spec: ChoiceSpec<C>,
): { chosen: Choice<C> } | { chosen: null; need_sats: bigint } {
  const have = sum(inputs);
  const weighed = inputs.map((input) => ({ script: scriptOf(input), descriptor: input.descriptor }));
  const cost = (scripts: readonly Uint8Array[]) => {
    const vsize = transactionVsize(weighed, scripts);
    const fee = BigInt(Math.ceil(vsize * spec.fee_rate));
    return { vsize, fee: fee > spec.fee_sats_min ? fee : spec.fee_sats_min };
  };
  const with_change = cost([...spec.output_scripts, spec.change_script]);
  const change_sats = have - spec.amount_sats - (spec.fee_on_top ? with_change.fee : 0n);
  if (change_sats >= dustLimit(spec.change_script)) {
    const { vsize, fee } = with_change;
    return { chosen: { inputs: [...inputs], vsize, fee_sats: fee, fee_at_rate_sats: fee, change_sats } };
  }
  const without = cost(spec.output_scripts);
  const left = have - spec.amount_sats - (spec.fee_on_top ? without.fee : 0n);
  const need_sats = spec.amount_sats + (spec.fee_on_top ? without.fee : 0n);
  if (left < 0n) return { chosen: null, need_sats };
  const { vsize, fee } = without;
  return { chosen: { inputs: [...inputs], vsize, fee_sats: fee + left, fee_at_rate_sats: fee, change_sats: 0n } };
}

/**
 * A fee divided among accounts in proportion to what each is paid, to the satoshi: rounded down, and the satoshis left over go to the
 * largest amounts (equal ones by account id). The order of the input means nothing.
 */
export function divideFee(fee_sats: bigint, items: readonly { account_id: number; amount_sats: bigint }[]): Map<number, bigint> {
  const total = items.reduce((all, item) => all + item.amount_sats, 0n);
  if (total <= 0n) throw new RangeError("nothing to divide a fee among");
  const sorted = [...items].sort((a, b) =>
    a.amount_sats === b.amount_sats ? a.account_id - b.account_id : a.amount_sats > b.amount_sats ? -1 : 1,
  );
  const parts = new Map(sorted.map((item) => [item.account_id, (fee_sats * item.amount_sats) / total]));
  let left = fee_sats - [...parts.values()].reduce((all, part) => all + part, 0n);
  for (const item of sorted) {
    if (left === 0n) break;
    parts.set(item.account_id, (parts.get(item.account_id) ?? 0n) + 1n);
    left -= 1n;
  }
  return parts;
}

function scriptOf(candidate: Candidate): Uint8Array {
  return Buffer.from(candidate.script_hex, "hex");
}

function weightOf(candidate: Candidate): number | null {
  return inputWeight({ script: scriptOf(candidate), descriptor: candidate.descriptor });
}

function inputCost(candidate: Candidate, fee_rate: number): bigint {
  return BigInt(Math.ceil(((weightOf(candidate) ?? 0) / 4) * fee_rate));
}

function byValue(a: Candidate, b: Candidate): number {
  if (a.value_sats !== b.value_sats) return a.value_sats > b.value_sats ? -1 : 1;
  return a.txid === b.txid ? a.vout - b.vout : a.txid < b.txid ? -1 : 1;
}

function sum(candidates: readonly Candidate[]): bigint {
  return candidates.reduce((all, candidate) => all + candidate.value_sats, 0n);
}
