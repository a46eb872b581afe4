/**
 * Applies the share log to PostgreSQL. What was applied and the cursor that says so are one transaction, so that each record counts
 * once, whatever dies in between. While the database is away the log simply grows and the position is kept.
 */
import {
  applyShares,
  type BlockClosing,
  closeShareWindow,
  type Database,
  isUnavailable,
  type LogPosition,
  type OpenWindow,
  readCursor,
} from "@otedama/db/pool";
import { aggregate } from "./aggregate.ts";
import { collectDues, SHARE_WINDOW_MS } from "./dues.ts";
import type { ShareRecord } from "./log_format.ts";
import type { ShareLogReader } from "./log_reader.ts";
import { IN_WINDOW, type JudgeShare } from "./terms.ts";

export interface ConsumerOptions {
  instance_id: string;
  batch_records: number;
  poll_ms: number;
  retry_ms_min: number;
  retry_ms_max: number;
  /** Applied segments kept for audit. */
  segments_kept: number;
  /** A share window that nothing follows is paid this long after its ten minutes. */
  window_grace_ms: number;
}

export const CONSUMER_OPTIONS = {
  batch_records: 20_000,
  poll_ms: 500,
  retry_ms_min: 250,
  retry_ms_max: 5_000,
  segments_kept: 16,
  window_grace_ms: 60_000,
};

export interface ConsumerDependencies {
  database: Database;
  reader: ShareLogReader;
  /** Database ids for ids that were given out while the database was away; throws as a query does when it still is. */
  resolveWorkers: (ids: number[]) => Promise<Map<number, number>>;
  /** What these shares count for; absent, all take part in windows. Throws as a query does. */
  judgeShares?: (records: ShareRecord[], workerOf: (id: number) => number) => Promise<JudgeShare>;
  /** Null when the machine has nothing for the record and never will; "later" when the block is still being written. */
  blockDetails: (record: ShareRecord) => Promise<BlockClosing["details"] | "later">;
  onRound: (round_id: bigint, block_hash: string, stored: boolean) => void;
  onUnknownWorkers: (ids: number[]) => void;
  onDamaged: (records: number, at: LogPosition) => void;
  /** Null: the database takes shares. */
  onTrouble: (error: Error | null, away: boolean) => void;
  now_ms?: () => number;
}

/** Ids from here on were given out by this machine, not by the database, whose ids end below. */
export const LOCAL_WORKER_ID_MIN = 0x80000000;

export class ShareConsumer {
  readonly #options: ConsumerOptions;
  readonly #d: ConsumerDependencies;
  #cursor: (LogPosition & { window: OpenWindow }) | null = null;
  #caught_up_at_ms: number | null = null;
  #applied_records = 0;
  #stopped = false;
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #troubled = true;

  constructor(options: ConsumerOptions, dependencies: ConsumerDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Null until the database told it. */
  get cursor(): LogPosition | null {
    return this.#cursor;
  }

  /** Every record that was on disk this long ago is applied; null before that was ever so. */
  get caught_up_age_ms(): number | null {
    return this.#caught_up_at_ms === null ? null : performance.now() - this.#caught_up_at_ms;
  }

  /** Since this consumer was made. */
  get applied_records(): number {
    return this.#applied_records;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks for records now instead of at the next poll. */
  poke(): void {
    this.#wake?.();
  }

  /** Finishes the batch under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  async lag(): Promise<number> {
    const from = this.#cursor ?? (await this.#d.reader.first());
    return from ? this.#d.reader.behind(from) : 0;
  }

  /** Applies what is there. Throws what the database throws; the position is then as before. */
  async drain(): Promise<void> {
    while (!this.#stopped && (await this.#step())) {}
    await this.#payQuietWindow();
  }

  async #run(): Promise<void> {
    let retry_ms = this.#options.retry_ms_min;
    while (!this.#stopped) {
      try {
        await this.drain();
        if (this.#troubled) this.#d.onTrouble(null, false);
        this.#troubled = false;
        retry_ms = this.#options.retry_ms_min;
        await this.#sleep(this.#options.poll_ms);
      } catch (error) {
        if (this.#stopped) return;
        this.#troubled = true;
        // A commit whose answer was lost may have been made: the database knows.
        this.#cursor = null;
        this.#d.onTrouble(error as Error, isUnavailable(error));
        await this.#sleep(retry_ms);
        retry_ms = Math.min(retry_ms * 2, this.#options.retry_ms_max);
      }
    }
  }

  /** True when there may be more at once. */
  async #step(): Promise<boolean> {
    this.#cursor ??= await this.#begin();
    const from = this.#cursor;
    if (!from) return false;
    const read_at_ms = performance.now();
    const read = await this.#d.reader.read(from, this.#options.batch_records);
    if (read.next.segment === from.segment && read.next.offset === from.offset) {
      this.#caught_up_at_ms = read_at_ms;
      return false;
    }

    const { records, to, block } = await this.#cut(read.records, read.next);
    if (to === null) return false;
    const locals = [...new Set(records.map((record) => record.worker_id))].filter((id) => id >= LOCAL_WORKER_ID_MIN);
    const resolved = locals.length > 0 ? await this.#d.resolveWorkers(locals) : new Map<number, number>();
    const workerOf = (id: number) => resolved.get(id) ?? id;
    if (block?.details) block.details.worker_id = workerOf(block.details.worker_id);
    const judge = (await this.#d.judgeShares?.(records, workerOf)) ?? (() => IN_WINDOW);
    const { dues, window_to } = collectDues(records, from.window, workerOf, judge);
    const result = await applyShares(this.#d.database, {
      instance_id: this.#options.instance_id,
      from,
      to,
      ...aggregate(records, workerOf, judge),
      dues,
      window_from: from.window,
      window_to,
      block,
    });
    if (!result.applied) {
      this.#cursor = result.cursor;
      return true;
    }
    this.#cursor = { ...to, window: window_to };
    this.#applied_records += records.length;
    if (read.damaged > 0) this.#d.onDamaged(read.damaged, from);
    if (result.unknown_workers.length > 0) this.#d.onUnknownWorkers(result.unknown_workers);
    if (block) this.#d.onRound(result.round_id, block.hash, block.details !== null);
    if (to.segment !== from.segment) await this.#d.reader.deleteApplied(to, this.#options.segments_kept);
    return true;
  }

  async #begin(): Promise<(LogPosition & { window: OpenWindow }) | null> {
    const cursor = await readCursor(this.#d.database, this.#options.instance_id);
    if (cursor) return cursor;
    const first = await this.#d.reader.first();
    return first && { ...first, window: { number: 0n, at_ms: null } };
  }

  /** Pays the window that is open when its time is over and no share came to close it. */
  async #payQuietWindow(): Promise<void> {
    const window = this.#cursor?.window;
    if (!this.#cursor || !window || window.at_ms === null) return;
    const before_ms = this.#now_ms() - SHARE_WINDOW_MS - this.#options.window_grace_ms;
    if (window.at_ms >= before_ms) return;
    await closeShareWindow(this.#d.database, this.#options.instance_id, before_ms);
    this.#cursor = null;
  }

  #now_ms(): number {
    return this.#d.now_ms?.() ?? Date.now();
  }

  /** A batch ends with a block's record, so that a bucket never spans one. `to` is null when the block must be waited for. */
  async #cut(
    records: ShareRecord[],
    next: LogPosition,
  ): Promise<{ records: ShareRecord[]; to: LogPosition | null; block: BlockClosing | null }> {
    const index = records.findIndex((record) => record.kind === "block" && record.result !== "duplicate");
    const record = records[index];
    if (record === undefined) return { records, to: next, block: null };
    const details = await this.#d.blockDetails(record);
    if (details === "later") {
      const before = records[index - 1];
      return { records: records.slice(0, index), to: before ? { ...next, offset: before.end } : null, block: null };
    }
    // A candidate for an old tip of which nothing was kept is a stale share and no more.
    const block = details === null && record.result !== "accepted" ? null : { hash: record.hash, details };
    return { records: records.slice(0, index + 1), to: { ...next, offset: record.end }, block };
  }

  #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    if (this.#stopped) this.#wake();
    return promise;
  }
}
