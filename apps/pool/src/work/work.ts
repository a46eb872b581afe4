/**
 * Turns templates into the engine's jobs and remembers them for as long as a share of theirs can make a block.
 *
 * A template of a new tip goes out at once and clean. One of the same tip goes out when it is worth a miner's attention: the
 * coinbase grew noticeably, the last one was empty, or it is old enough that its time and transactions are.
 */
import type { StratumEngine } from "@otedama/native/engine-types";
import { CoinbaseError, type CoinbaseOutput } from "./coinbase.ts";
import { type Job, makeJob } from "./job.ts";
import type { JobNumbers } from "./job_numbers.ts";
import type { Template, TemplateTransaction } from "./template.ts";

export interface WorkOptions {
  /** What a coinbase says and whom it pays (see payees.ts), asked for each job; the outputs must sum to what the block may pay. */
  coinbase: (coinbasevalue_sats: bigint) => { text: string; outputs: CoinbaseOutput[] };
  halving_interval_blocks: number;
  refresh_ms: number;
  /** A rise of the coinbase by this part sends a job before the refresh is due. */
  fee_rise: number;
}

export interface WorkDependencies {
  engine: Pick<StratumEngine, "setJob">;
  numbers: JobNumbers;
  now_ms: () => number;
  /** Whether a template was made into a job; a sentence where it was not. */
  onRefused: (message: string | null) => void;
}

/** Tips whose jobs are kept: the current one and some before it, for a block that raced the tip. */
const TIPS_KEPT = 4;
const JOBS_KEPT_MAX = 512;

export class Work {
  readonly #options: WorkOptions;
  readonly #d: WorkDependencies;
  readonly #jobs = new Map<number, Job>();
  #tips: string[] = [];
  /** One copy of each transaction's bytes for all jobs that carry it. */
  #transactions = new Map<string, TemplateTransaction>();
  #current: Job | null = null;
  #refused: { count: number; last: { at_ms: number; message: string } | null } = { count: 0, last: null };

  constructor(options: WorkOptions, dependencies: WorkDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  get current(): Job | null {
    return this.#current;
  }

  job(job_number: number): Job | null {
    return this.#jobs.get(job_number) ?? null;
  }

  /** Templates of which no job was made, because it could not have been paid out rightly. */
  get refused(): Readonly<{ count: number; last: { at_ms: number; message: string } | null }> {
    return this.#refused;
  }

  /** True when the template began a new tip. One that cannot be paid out rightly is refused: the job before it stays. */
  accept(template: Template, template_at_ms: number, template_node: string): boolean {
    const clean = this.#current?.template.prev_hash !== template.prev_hash;
    if (!clean && !this.#worthSending(template)) return false;
    const job = this.#make(template, clean, template_at_ms, template_node);
    if (!job) return false;
    // A block can come back as soon as the engine has the job.
    this.#jobs.set(job.engine.job_number, job);
    this.#d.engine.setJob(job.engine);
    this.#current = job;
    this.#forget(clean, template.prev_hash);
    job.template.transactions = template.transactions.map((transaction) => this.#share(transaction));
    this.#d.numbers.refill();
    return clean;
  }

  #make(template: Template, clean: boolean, template_at_ms: number, template_node: string): Job | null {
    const { coinbase, halving_interval_blocks } = this.#options;
    const made_at_ms = this.#d.now_ms();
    try {
      const { text, outputs } = coinbase(template.coinbasevalue_sats);
      const job_number = this.#d.numbers.take();
      const options = {
        job_number,
        clean,
        coinbase_text: text,
        outputs,
        halving_interval_blocks,
        template_node,
        template_at_ms,
        made_at_ms,
      };
      const job = makeJob(template, options);
      this.#d.onRefused(null);
      return job;
    } catch (error) {
      if (!(error instanceof CoinbaseError)) throw error;
      const message = `No job was made for block ${template.height}: ${error.message}`;
      this.#refused = { count: this.#refused.count + 1, last: { at_ms: made_at_ms, message: message.slice(0, 500) } };
      this.#d.onRefused(message);
      return null;
    }
  }

  /** The newest jobs with numbers above this one, oldest first. */
  jobsAfter(job_number: number, count_max: number): Job[] {
    return [...this.#jobs.values()].filter((job) => job.engine.job_number > job_number).slice(-count_max);
  }

  /** Goes on from a job of an earlier process, whose miners have it already. Oldest first. */
  adopt(job: Job): void {
    const clean = this.#current?.template.prev_hash !== job.template.prev_hash;
    this.#jobs.set(job.engine.job_number, job);
    this.#current = job;
    this.#forget(clean, job.template.prev_hash);
    job.template.transactions = job.template.transactions.map((transaction) => this.#share(transaction));
  }

  #worthSending(template: Template): boolean {
    const job = this.#current;
    if (!job) return true;
    // No miner stays on an empty block because the first node to tell a tip knew no transactions.
    if (job.template.transactions.length === 0 && template.transactions.length > 0) return true;
    if (this.#d.now_ms() - job.made_at_ms >= this.#options.refresh_ms) return true;
    return Number(template.coinbasevalue_sats) > Number(job.template.coinbasevalue_sats) * (1 + this.#options.fee_rise);
  }

  #forget(clean: boolean, prev_hash: string): void {
    if (clean) {
      this.#tips = [prev_hash, ...this.#tips.filter((tip) => tip !== prev_hash)].slice(0, TIPS_KEPT);
      for (const [number, job] of this.#jobs) if (!this.#tips.includes(job.template.prev_hash)) this.#jobs.delete(number);
      this.#transactions = new Map();
      for (const job of this.#jobs.values()) for (const transaction of job.template.transactions) this.#share(transaction);
    }
    for (const number of this.#jobs.keys()) {
      if (this.#jobs.size <= JOBS_KEPT_MAX) break;
      this.#jobs.delete(number);
    }
  }

  #share(transaction: TemplateTransaction): TemplateTransaction {
    const known = this.#transactions.get(transaction.hash);
    if (known) return known;
    this.#transactions.set(transaction.hash, transaction);
    return transaction;
  }
}
