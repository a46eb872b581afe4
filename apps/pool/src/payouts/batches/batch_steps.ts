/** One batch, a durable step at a time: make, hand out, take back, send, settle, raise the fee. Every step looks at what is stored. */
import {
  acceptSigned,
  clearBumpRequest,
  listAttempts,
  markBroadcast,
  markHandedOut,
  noteTrouble,
  noteWaiting,
  type OpenBatch,
  PayoutError,
  type PayoutTransactionRow,
  readBumpRequest,
  settleBatch,
} from "@otedama/db/payouts";
import type { Database } from "@otedama/db/pool";
import { convertPsbt, PsbtError } from "@otedama/shared/psbt";
import { formatSats } from "@otedama/shared/units";
import { estimateFeeRate, type PayoutNode } from "./chain_view.ts";
import { decideBumpRate, decideFeeRate } from "./fee_rate.ts";
import { type MakeOptions, makeBump, makeFirst } from "./make_transaction.ts";
import { sendToAll } from "./send.ts";
import type { Signer } from "./signers/signer.ts";
import { SignerError } from "./signers/signer_error.ts";

export interface BatchStepsOptions extends MakeOptions {
  psbt_version: 0 | 2;
  /** First and longest wait before a signer or a node that said no is asked again. */
  retry_ms_min: number;
  retry_ms_max: number;
}

export type PayoutStep =
  | "planned"
  | "made"
  | "handed_out"
  | "signature_returned"
  | "signed"
  | "sent"
  | "broadcast"
  | "searched"
  | "settled";

export type PayoutEventKind = "sent" | "settled" | "stopped" | "waiting";

export interface BatchStepsDependencies {
  database: Database;
  /** Where signed transactions go. */
  nodes: readonly PayoutNode[];
  /** Null: people carry PSBTs. */
  signer: Signer | null;
  now_ms: () => number;
  /** For waits: a clock that is put back must not make them longer. */
  monotonic_ms: () => number;
  /** A signer or all nodes said no, or did not answer. */
  onFailure: (who: "signer" | "broadcast") => void;
  onEvent: (kind: PayoutEventKind, batch_id: number, message: string) => void;
  /** Called after each step; lets a test end the process there. */
  onStep: (step: PayoutStep, batch_id: number) => Promise<void> | void;
}

export class BatchSteps {
  readonly #options: BatchStepsOptions;
  readonly #d: BatchStepsDependencies;
  /** When a signer or a node may be asked again, by transaction. */
  readonly #retries = new Map<number, { at_ms: number; wait_ms: number }>();

  constructor(options: BatchStepsOptions, dependencies: BatchStepsDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** As far as the batch goes now. True when there is more to do at once. */
  async advance(batch: OpenBatch, node: PayoutNode): Promise<boolean> {
    if (batch.state === "approved") {
      if (!(await this.#make(batch, node))) return false;
    }
    let attempts = await listAttempts(this.#d.database, batch.id);
    const mined = attempts.find((attempt) => attempt.block_hash !== null);
    // The others are not wanted any more.
    if (mined) return this.#settle(batch, mined);
    const newest = attempts[0];
    if (newest?.state === "unsigned") {
      if (!(await this.#sign(batch, newest))) return false;
      attempts = await listAttempts(this.#d.database, batch.id);
    }
    const signed = attempts.find((attempt) => attempt.state === "signed");
    if (signed && (await this.#send(batch, signed))) return false;
    return this.#bumpWhenAsked(batch, attempts, node);
  }

  async wait(batch_id: number, sentence: string): Promise<false> {
    if (await noteWaiting(this.#d.database, batch_id, sentence)) {
      this.#d.onEvent("waiting", batch_id, `Batch ${batch_id} waits. ${sentence}`);
    }
    return false;
  }

  async #make(batch: OpenBatch, node: PayoutNode): Promise<boolean> {
    const { payouts } = batch.policy;
    const decision = decideFeeRate(await estimateFeeRate(node, payouts.fee_target_blocks), payouts);
    if ("wait" in decision) return this.wait(batch.id, decision.wait);
    const made = await makeFirst(this.#options, this.#d.database, node, batch, decision.fee_rate);
    if (!made.made) return this.wait(batch.id, made.wait);
    await this.#d.onStep("made", batch.id);
    return true;
  }

  async #sign(batch: OpenBatch, attempt: PayoutTransactionRow): Promise<boolean> {
    const { database, signer } = this.#d;
    if (!signer) return this.wait(batch.id, "Download its PSBT, have it signed and upload what the signer gave back.");
    if (!this.#isDue(attempt.id)) return false;
    if (!(await markHandedOut(database, batch.id, attempt.id))) return false;
    await this.#d.onStep("handed_out", batch.id);
    try {
      const came_back = await signer.sign(convertPsbt(attempt.psbt, this.#options.psbt_version));
      await this.#d.onStep("signature_returned", batch.id);
      await acceptSigned(database, {
        batch_id: batch.id,
        psbt: came_back,
        network: this.#options.network,
        signer: signer.kind,
      });
    } catch (error) {
      // Somebody gave the batch up, or handed a signed PSBT in, meanwhile.
      if (error instanceof PayoutError) return false;
      if (!(error instanceof SignerError || error instanceof PsbtError)) throw error;
      this.#later(attempt.id);
      this.#d.onFailure("signer");
      await noteTrouble(database, attempt.id, error.message);
      return this.wait(batch.id, error.message);
    }
    this.#retries.delete(attempt.id);
    await this.#d.onStep("signed", batch.id);
    return true;
  }

  /** True when a node has it. */
  async #send(batch: OpenBatch, attempt: PayoutTransactionRow): Promise<boolean> {
    if (!this.#isDue(attempt.id) || attempt.raw_hex === null) return false;
    const answers = await sendToAll(this.#d.nodes, attempt.raw_hex);
    await this.#d.onStep("sent", batch.id);
    if (answers.some(({ verdict }) => verdict.kind === "taken")) {
      this.#retries.delete(attempt.id);
      await markBroadcast(this.#d.database, attempt.id);
      await this.#d.onStep("broadcast", batch.id);
      const amount = formatSats(batch.amount_sats);
      this.#d.onEvent("sent", batch.id, `Batch ${batch.id} was sent: ${amount} BTC in ${attempt.txid}.`);
      return true;
    }
    this.#later(attempt.id);
    this.#d.onFailure("broadcast");
    const said = answers
      .map(({ node, verdict }) => `${node}: ${verdict.kind === "taken" ? "taken" : verdict.message}`)
      .join("; ");
    await noteTrouble(this.#d.database, attempt.id, said);
    return this.wait(batch.id, `No node has taken its transaction yet (${said.slice(0, 300)}). It is sent again.`);
  }

  async #settle(batch: OpenBatch, mined: PayoutTransactionRow): Promise<false> {
    if (mined.confirmations < batch.policy.payouts.confirmations) return false;
    if (!(await settleBatch(this.#d.database, { batch_id: batch.id, transaction_id: mined.id }))) return false;
    await this.#d.onStep("settled", batch.id);
    const amount = formatSats(batch.amount_sats);
    this.#d.onEvent("settled", batch.id, `Batch ${batch.id} is settled: ${amount} BTC by ${mined.txid}.`);
    return false;
  }

  /** A person asked for a higher fee, or it has been out for too long. True when there is a new attempt to sign. */
  async #bumpWhenAsked(batch: OpenBatch, attempts: readonly PayoutTransactionRow[], node: PayoutNode): Promise<boolean> {
    const { database, now_ms } = this.#d;
    const [last] = attempts;
    if (!last || (last.state !== "broadcast" && last.state !== "signed")) return false;
    const asked = await readBumpRequest(database, batch.id);
    const { payouts } = batch.policy;
    const out_ms = last.broadcast_at_ms === null ? 0 : now_ms() - last.broadcast_at_ms;
    const stuck = payouts.bump_after_minutes > 0 && out_ms > payouts.bump_after_minutes * 60_000;
    if (asked === null && !stuck) return false;
    const rate = asked ?? decideBumpRate(await estimateFeeRate(node, payouts.fee_target_blocks), last.fee_rate, payouts);
    if (rate === null || rate < last.fee_rate + 1) {
      await clearBumpRequest(database, batch.id);
      if (asked !== null) return false;
      const bound = `fee_rate_max of ${payouts.fee_rate_max} sat/vB`;
      return this.wait(batch.id, `It is not mined yet, and the policy's ${bound} leaves no room to offer more.`);
    }
    const made = await makeBump(this.#options, database, node, batch, last, rate);
    await clearBumpRequest(database, batch.id);
    if (!made.made) return this.wait(batch.id, `Its fee cannot be raised. ${made.wait}`);
    await this.#d.onStep("made", batch.id);
    return true;
  }

  #isDue(transaction_id: number): boolean {
    return (this.#retries.get(transaction_id)?.at_ms ?? Number.NEGATIVE_INFINITY) <= this.#d.monotonic_ms();
  }

  #later(transaction_id: number): void {
    const { retry_ms_min, retry_ms_max } = this.#options;
    const wait_ms = Math.min((this.#retries.get(transaction_id)?.wait_ms ?? retry_ms_min / 2) * 2, retry_ms_max);
    this.#retries.set(transaction_id, { at_ms: this.#d.monotonic_ms() + wait_ms, wait_ms });
  }
}
