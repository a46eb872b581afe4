/** A winning share becomes a block: assembled, put on disk, answered, submitted. */
import type { BlockEvent, StratumEngine } from "@otedama/native/engine-types";
import { wireToDisplay } from "@otedama/shared";
import { sha256d } from "../work/bytes.ts";
import { assembleBlock, type Job } from "../work/job.ts";
import type { BlockFiles, StoredBlock } from "./block_files.ts";
import type { Submitter } from "./submit.ts";

export interface FoundDependencies {
  engine: Pick<StratumEngine, "blockStored">;
  job: (job_number: number) => Job | null;
  files: BlockFiles;
  submitter: Pick<Submitter, "submit">;
  monotonic_ms: () => number;
  onFound: (block: StoredBlock) => void;
  /** `message` says what went wrong with a block that was found. */
  onTrouble: (hash: string, message: string) => void;
}

const STORE_RETRY_MS = 1_000;
/** How long the accounts wait for a block of which only the share log has heard. */
const UNHEARD_MS_MAX = 30_000;
const UNHEARD_MAX = 1_000;

export class FoundBlocks {
  readonly #d: FoundDependencies;
  readonly #storing = new Map<string, StoredBlock>();
  readonly #unheard = new Map<string, number>();
  readonly #handling = new Set<Promise<void>>();
  #stopped = false;

  constructor(dependencies: FoundDependencies) {
    this.#d = dependencies;
  }

  handle(event: BlockEvent): Promise<void> {
    const handling = this.#handle(event).finally(() => this.#handling.delete(handling));
    this.#handling.add(handling);
    return handling;
  }

  /** Resolves when every block that was handed up is on disk. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#handling);
  }

  async #handle(event: BlockEvent): Promise<void> {
    const block = this.#assemble(event);
    if (!block || this.#storing.has(block.hash)) {
      this.#d.engine.blockStored(event.candidate_id);
      return;
    }
    if (await this.#d.files.read(block.hash).catch(() => null)) {
      // The same share again: it is stored and on its way.
      this.#d.engine.blockStored(event.candidate_id);
      return;
    }
    this.#storing.set(block.hash, block);
    let announced = false;
    for (let attempt = 0; !this.#stopped; attempt++) {
      try {
        await this.#d.files.store(block);
        break;
      } catch (error) {
        if (attempt === 0) {
          this.#d.onTrouble(block.hash, `the block cannot be written to disk: ${(error as Error).message}`);
          // A block is worth more than its order: it goes out now, and its file follows.
          this.#d.submitter.submit(block.hash, block.block_hex);
          announced = true;
        }
        await new Promise((resolve) => setTimeout(resolve, STORE_RETRY_MS));
      }
    }
    this.#storing.delete(block.hash);
    if (this.#stopped && announced) return;
    this.#d.engine.blockStored(event.candidate_id);
    if (!announced) this.#d.submitter.submit(block.hash, block.block_hex);
    this.#d.onFound(block);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** What the accounts need to know for a block's record in the share log; see the consumer's dependency of this name. */
  async details(hash: string): Promise<StoredBlock | null | "later"> {
    const stored = await this.#d.files.read(hash);
    if (stored) {
      this.#unheard.delete(hash);
      return stored;
    }
    if (this.#storing.has(hash)) return "later";
    const since = this.#unheard.get(hash);
    if (since === undefined) {
      if (this.#unheard.size >= UNHEARD_MAX) this.#unheard.clear();
      this.#unheard.set(hash, this.#d.monotonic_ms());
      return "later";
    }
    if (this.#d.monotonic_ms() - since < UNHEARD_MS_MAX) return "later";
    this.#unheard.delete(hash);
    this.#d.onTrouble(hash, "the share log names a block of which nothing was stored: it was never submitted");
    return null;
  }

  #assemble(event: BlockEvent): StoredBlock | null {
    const job = this.#d.job(event.job_number);
    if (!job) {
      this.#unheard.set(event.hash, Number.NEGATIVE_INFINITY);
      this.#d.onTrouble(event.hash, `job ${event.job_number} is no longer known: a share of it cannot make a block`);
      return null;
    }
    const hash = wireToDisplay(sha256d(event.header));
    const block_hex = assembleBlock(job.template, event.header, event.coinbase);
    return {
      hash,
      height: job.template.height,
      worker_id: event.worker_id,
      job_number: event.job_number,
      prev_hash: wireToDisplay(event.header.subarray(4, 36)),
      coinbase_txid: wireToDisplay(sha256d(event.coinbase)),
      found_at_ms: Math.round(event.at_ms),
      reward_sats: job.template.coinbasevalue_sats,
      fees_sats: job.template.fees_sats,
      network_difficulty: job.network_difficulty,
      share_difficulty: event.share_difficulty,
      transactions: 1 + job.template.transactions.length,
      size_bytes: block_hex.length / 2,
      accepted: event.accepted,
      block_hex,
      template_node: job.template_node,
      template_at_ms: Math.round(job.made_at_ms),
      coinbase_text: job.coinbase_text,
      outputs: job.outputs.map(({ script, value_sats }) => ({ script_hex: Buffer.from(script).toString("hex"), value_sats })),
    };
  }
}
