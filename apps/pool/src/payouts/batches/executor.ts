/**
 * Takes batches from approved to settled, and picks each up where it stands after a restart.
 *
 * What makes it safe to be killed anywhere: a step is stored before the next one begins, a signed transaction is stored before it is sent,
 * sending twice is sending once, and booking is one ledger entry for a batch. All attempts of a batch spend the same inputs, so that
 * one of them at most is ever mined.
 */
import {
  type BlockConsequences,
  countConfirmations,
  createBatches,
  listOpenBatches,
  listUnmined,
  noteTrouble,
  type OpenBatch,
  PayoutError,
  readPayoutPolicy,
} from "@otedama/db/payouts";
import { isUnavailable } from "@otedama/db/pool";
import { RpcError } from "../../work/rpc.ts";
import { adoptCoinbases, adoptDescriptors } from "./adopt_outputs.ts";
import { BatchSteps, type BatchStepsDependencies, type BatchStepsOptions } from "./batch_steps.ts";
import type { PayoutNode } from "./chain_view.ts";
import { scheduledPlanKey } from "./schedule.ts";
import { searchNewBlocks } from "./search_blocks.ts";
import { sendToAll } from "./send.ts";

export interface PayoutExecutorOptions extends BatchStepsOptions {
  descriptors: string[];
  descriptor_scan_ms: number;
  poll_ms: number;
  /** How often it is looked whether somebody is due. */
  plan_ms: number;
  /** How long a transaction that is in no block stays before it is sent again. */
  resend_ms: number;
  blocks_per_pass: number;
}

export const PAYOUT_OPTIONS = {
  plan_ms: 30_000,
  resend_ms: 60_000,
  retry_ms_min: 5_000,
  retry_ms_max: 300_000,
  blocks_per_pass: 50,
  /** Bitcoin's consensus. */
  coinbase_maturity: 100,
};

export interface PayoutExecutorDependencies extends Omit<BatchStepsDependencies, "onStep"> {
  /** The node to read the chain from; null while there is none. */
  node: () => PayoutNode | null;
  onTrouble: (error: Error, away: boolean) => void;
  onStep?: BatchStepsDependencies["onStep"];
}

/** Held for one pass: only one instance of the pool works on payouts at a time. */
const PAYOUT_LOCK = 0x6f74_7002;

export class PayoutExecutor {
  readonly #options: PayoutExecutorOptions;
  readonly #d: PayoutExecutorDependencies;
  readonly #steps: BatchSteps;
  readonly #asked_coinbases = new Set<string>();
  readonly #sent_at_ms = new Map<number, number>();
  #scanned_at_ms = Number.NEGATIVE_INFINITY;
  #planned_at_ms = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #poked = false;
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;

  constructor(options: PayoutExecutorOptions, dependencies: PayoutExecutorDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#steps = new BatchSteps(options, { ...dependencies, onStep: (step, batch_id) => dependencies.onStep?.(step, batch_id) });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is a new block, or somebody decided something: look now. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#d.signer?.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#poked = false;
      try {
        await this.pass();
      } catch (error) {
        if (!this.#stopped) this.#d.onTrouble(error as Error, isAway(error));
      }
      if (!this.#poked) await this.#sleep();
    }
  }

  /** Everything that can be done now. False when another instance is at it, or there is no node. */
  async pass(): Promise<boolean> {
    const node = this.#d.node();
    if (!node) return false;
    const client = await this.#d.database.connect();
    let broken: Error | undefined;
    // A connection that is cut off between two queries says so here, or it would end the process.
    const onError = (error: Error) => {
      broken = error;
    };
    client.on("error", onError);
    try {
      const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock($1) AS mine", [PAYOUT_LOCK]);
      if (!rows[0]?.mine) return false;
      try {
        await this.#work(node);
      } finally {
        await client.query("SELECT pg_advisory_unlock($1)", [PAYOUT_LOCK]);
      }
      return true;
    } catch (error) {
      // A connection that may still hold the lock is not used again.
      broken = error as Error;
      throw error;
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  }

  async #work(node: PayoutNode): Promise<void> {
    const { database } = this.#d;
    const { payout_script_hex, blocks_per_pass } = this.#options;
    const search = await searchNewBlocks({ payout_script_hex, blocks_max: blocks_per_pass }, database, node);
    for (const found of search.consequences) this.#report(found);
    for (const { batch_id, settled } of search.unmined) {
      const was = settled ? "was settled and " : "";
      const sentence = `Batch ${batch_id} ${was}lost its block to a reorganisation; its transaction is sent again.`;
      this.#d.onEvent("waiting", batch_id, sentence);
    }
    if (search.consequences.length > 0) await this.#d.onStep?.("searched", 0);
    await countConfirmations(database, search.tip_height);
    if (!search.complete) {
      // What was not looked at may have spent what a new transaction would spend.
      this.#poked ||= search.consequences.length > 0;
      return;
    }
    await this.#adoptOutputs(node);
    await this.#plan();
    for (const batch of await listOpenBatches(database)) {
      if (this.#stopped) return;
      if (batch.stopped_why === null) await this.#advance(batch, node);
    }
    await this.#sendAgain();
  }

  #report(found: BlockConsequences): void {
    for (const { batch_id, why } of found.stopped) this.#d.onEvent("stopped", batch_id, `Batch ${batch_id} was stopped. ${why}`);
    for (const { batch_id, txid } of found.revived) {
      const what = `Batch ${batch_id} was given up, yet its transaction ${txid} is in a block`;
      this.#d.onEvent("stopped", batch_id, `${what}: its accounts are held, correct the ledger.`);
    }
  }

  async #adoptOutputs(node: PayoutNode): Promise<void> {
    const { payout_script_hex, descriptors, descriptor_scan_ms } = this.#options;
    await adoptCoinbases({ payout_script_hex, blocks_max: 50 }, this.#d.database, node, this.#asked_coinbases);
    if (descriptors.length === 0 || this.#d.monotonic_ms() - this.#scanned_at_ms < descriptor_scan_ms) return;
    this.#scanned_at_ms = this.#d.monotonic_ms();
    try {
      await adoptDescriptors(descriptors, this.#d.database, node);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // A node that cannot scan, or scans for somebody else just now, costs the other outputs nothing.
      this.#d.onTrouble(new Error(`signer.descriptors are not looked up: ${(error as Error).message}`), false);
    }
  }

  async #plan(): Promise<void> {
    const { database, now_ms, monotonic_ms } = this.#d;
    if (monotonic_ms() - this.#planned_at_ms < this.#options.plan_ms) return;
    this.#planned_at_ms = monotonic_ms();
    try {
      const plan_key = scheduledPlanKey(now_ms(), (await readPayoutPolicy(database)).policy.payouts);
      if (plan_key === null) return;
      const { network } = this.#options;
      const created = await createBatches(database, { network, plan_key, created_by: "schedule" });
      if (created.made) await this.#d.onStep?.("planned", created.batch_ids[0] ?? 0);
    } catch (error) {
      if (!(error instanceof PayoutError && error.code === "no_policy")) throw error;
    }
  }

  /** What is wrong with one batch does not hold up the others. */
  async #advance(batch: OpenBatch, node: PayoutNode): Promise<void> {
    try {
      if (await this.#steps.advance(batch, node)) this.#poked = true;
    } catch (error) {
      if (this.#stopped || isAway(error)) throw error;
      this.#d.onTrouble(error as Error, false);
      await this.#steps.wait(batch.id, `It cannot go on: ${(error as Error).message}`);
    }
  }

  /** Nodes forget what is in no block after a while, and a node that was away never heard of it. */
  async #sendAgain(): Promise<void> {
    const now_ms = this.#d.monotonic_ms();
    const unmined = await listUnmined(this.#d.database);
    for (const { id, raw_hex } of unmined) {
      if (now_ms - (this.#sent_at_ms.get(id) ?? Number.NEGATIVE_INFINITY) < this.#options.resend_ms) continue;
      this.#sent_at_ms.set(id, now_ms);
      const answers = await sendToAll(this.#d.nodes, raw_hex);
      const refusal = answers.flatMap(({ verdict }) => (verdict.kind === "refused" ? [verdict.message] : []))[0];
      const taken = answers.some(({ verdict }) => verdict.kind === "taken");
      if (!taken) this.#d.onFailure("broadcast");
      await noteTrouble(this.#d.database, id, taken || refusal === undefined ? null : `Not taken again: ${refusal}`);
    }
    const open = new Set(unmined.map(({ id }) => id));
    for (const id of this.#sent_at_ms.keys()) if (!open.has(id)) this.#sent_at_ms.delete(id);
  }

  #sleep(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#options.poll_ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    if (this.#stopped || this.#poked) this.#wake();
    return promise;
  }
}

/** The database or the chain node is away: the same work succeeds later. */
function isAway(error: unknown): boolean {
  return isUnavailable(error) || error instanceof RpcError;
}
