/** What a transaction will weigh once it is signed. Sizes are the largest that a signer makes, so that a fee is never too low. */
import { resolveDescriptor } from "./descriptor.ts";
import { outputWeight, type ScriptKind, scriptKind } from "./scripts.ts";

export interface WeighedInput {
  script: Uint8Array;
  descriptor: string | null;
}

/** Outpoint, sequence and the length of an empty scriptSig. */
const INPUT_BASE = 4 * 41;
const SIGNATURE = 72;
const PUBKEY = 33;

/** Weight of an input with its signatures; null when nothing is known about what spends the script. */
export function inputWeight(input: WeighedInput): number | null {
  const kind: ScriptKind = scriptKind(input.script);
  const known = input.descriptor === null ? null : resolveDescriptor(input.descriptor);
  if (known?.multisig) {
    const { required } = known.multisig;
    const script_bytes = (known.witness_script ?? known.redeem_script ?? new Uint8Array()).length;
    const stack = 1 + required * (1 + SIGNATURE) + 3 + script_bytes;
    if (known.witness_script) return INPUT_BASE + 2 + stack + (known.redeem_script ? 4 * 35 : 0);
    return INPUT_BASE + 4 * (stack + 2);
  }
  switch (kind) {
    case "wpkh":
      return INPUT_BASE + 2 + SIGNATURE + 1 + PUBKEY;
    case "tr":
      return INPUT_BASE + 1 + 1 + 65;
    case "pkh":
      return INPUT_BASE + 4 * (1 + SIGNATURE + 1 + PUBKEY);
    case "sh":
      return known?.redeem_script ? INPUT_BASE + 4 * 23 + 2 + SIGNATURE + 1 + PUBKEY : null;
    default:
      return null;
  }
}

function varint(count: number): number {
  return count < 253 ? 1 : count <= 0xffff ? 3 : 5;
}

/** Virtual size in bytes. Throws a RangeError for an input of unknown weight. */
export function transactionVsize(inputs: readonly WeighedInput[], output_scripts: readonly Uint8Array[]): number {
  let weight = 4 * (4 + 4 + varint(inputs.length) + varint(output_scripts.length)) + 2;
  for (const input of inputs) {
    const own = inputWeight(input);
    if (own === null) throw new RangeError("an input of unknown weight");
    // Beside a witness input every other one has a byte that says it has none.
    weight += own + 1;
  }
  for (const script of output_scripts) weight += outputWeight(script);
  return Math.ceil(weight / 4);
}
