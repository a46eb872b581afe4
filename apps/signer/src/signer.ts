/** Reviews, counts, signs: in this order, so that what was counted and never signed is the worst that a crash leaves. */
import type { SignerLimits } from "@otedama/shared";
import { encodePsbt, readPsbt } from "@otedama/shared/psbt";
import { formatSats } from "@otedama/shared/units";
import type { DayCounter } from "./counter.ts";
import type { SigningKey } from "./key_store.ts";
import { PolicyRefusal, type Review, type ReviewOptions, reviewTransaction } from "./review.ts";

export interface SignerDependencies {
  key: SigningKey;
  counter: DayCounter;
}

export class ReferenceSigner {
  readonly #options: Omit<ReviewOptions, "own_script">;
  readonly #d: SignerDependencies;

  constructor(options: Omit<ReviewOptions, "own_script">, dependencies: SignerDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** The PSBT with signatures, in the version it came in. Throws a PolicyRefusal or a PsbtError. */
  sign(psbt: string): { psbt: string; review: Review } {
    const { key, counter } = this.#d;
    const transaction = readPsbt(psbt);
    const review = reviewTransaction(transaction, { ...this.#options, own_script: key.script });
    const charge = { unsigned_txid: review.unsigned_txid, outpoints: review.outpoints, pays_sats: review.pays_sats };
    const { added_sats, day_sats } = counter.weigh(charge);
    checkDay(added_sats, day_sats, this.#options.limits);
    counter.record(charge);
    transaction.sign(key.private_key);
    return { psbt: encodePsbt(transaction, transaction.opts.PSBTVersion === 2 ? 2 : 0), review };
  }
}

function checkDay(added_sats: bigint, day_sats: bigint, limits: SignerLimits): void {
  if (added_sats === 0n || day_sats + added_sats <= BigInt(limits.day_sats_max)) return;
  throw new PolicyRefusal(
    "day_limit",
    `It pays ${formatSats(added_sats)} BTC, and with the ${formatSats(day_sats)} BTC of the last 24 hours that is more than ${formatSats(limits.day_sats_max)} BTC (reference_signer.max_per_day).`,
  );
}
