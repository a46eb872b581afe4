/**
 * Makes receipts: reads the share log once more, behind the accounts, and keeps for each account what it was accepted for. It never reads
 * past what the accounts have applied, so that whether a record is a block of ours is known by then. It is apart from
 * the accounting because nothing waits for it: a receipt may come a moment after its block.
 */
import {
  archiveShares,
  blocksWithoutReceipt,
  type Database,
  dropShares,
  isUnavailable,
  type LogPosition,
  type ReceiptBatch,
  type ReceiptOptions,
  readReceiptPosition,
} from "@otedama/db/pool";
import { packShare, RECEIPT_SHARE_BYTES } from "@otedama/shared/receipt";
import { LOCAL_WORKER_ID_MIN } from "../shares/consumer.ts";
import { SHARE_SEGMENT_HEADER_BYTES, type ShareRecord } from "../shares/log_format.ts";
import type { ShareLogReader } from "../shares/log_reader.ts";

export interface ArchiveOptions extends ReceiptOptions {
  instance_id: string;
  batch_records: number;
  /** Shares that are not yet a whole batch wait this long for more: pieces of an account's shares are then few and large. */
  gather_ms: number;
  poll_ms: number;
  retry_ms: number;
}

export const ARCHIVE_OPTIONS = { batch_records: 50_000, gather_ms: 60_000, poll_ms: 2_000, retry_ms: 5_000 };

export interface ArchiveDependencies {
  database: Database;
  reader: Pick<ShareLogReader, "first" | "read">;
  /** How far the accounts have applied the log; null while that is not known. */
  applied: () => LogPosition | null;
  /** Database ids for ids that were given out while the database was away. */
  resolveWorkers: (ids: number[]) => Promise<Map<number, number>>;
  monotonic_ms: () => number;
  onReceipt: (receipt: { block_hash: string; digest: string; leaves: number; shares: bigint }) => void;
  /** A part of the log is gone: the open receipt will not be complete. */
  onGap: (from: LogPosition, to: LogPosition) => void;
  onTrouble: (error: Error, database_away: boolean) => void;
}

export class ReceiptArchive {
  readonly #options: ArchiveOptions;
  readonly #d: ArchiveDependencies;
  #position: LogPosition | null = null;
  #written_ms = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #poked = false;
  #wake: (() => void) | null = null;
  #running: Promise<void> | null = null;

  constructor(options: ArchiveOptions, dependencies: ArchiveDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Null until the database told it. Segments from it on are still needed. */
  get position(): LogPosition | null {
    return this.#position;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** A block was applied: its receipt can be made. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  /** Archives what there is, also what a patient archive would let gather. */
  async drain(): Promise<void> {
    this.#written_ms = Number.NEGATIVE_INFINITY;
    while (!this.#stopped && (await this.#step())) this.#written_ms = Number.NEGATIVE_INFINITY;
  }

  /** Drops kept shares of receipts that ended before a time. */
  async prune(before_ms: number): Promise<void> {
    const PIECES = 5_000;
    while (!this.#stopped && (await dropShares(this.#d.database, this.#options.instance_id, before_ms, PIECES)) === PIECES) {}
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#poked = false;
      let wait_ms = this.#options.poll_ms;
      try {
        while (!this.#stopped && (await this.#step())) {}
      } catch (error) {
        // A commit whose answer was lost may have been made: the database knows.
        this.#position = null;
        this.#d.onTrouble(error as Error, isUnavailable(error));
        wait_ms = this.#options.retry_ms;
      }
      if (!this.#poked) await this.#sleep(wait_ms);
    }
  }

  /** True when there may be more at once. */
  async #step(): Promise<boolean> {
    const { instance_id, batch_records } = this.#options;
    const first = await this.#d.reader.first();
    if (!first) return false;
    this.#position ??= await readReceiptPosition(this.#d.database, instance_id);
    // The log of a new instance begins with segment 1: what is before the oldest there is, is gone.
    const from = this.#position ?? { segment: 1, offset: SHARE_SEGMENT_HEADER_BYTES };
    if (from.segment < first.segment) {
      this.#d.onGap(from, first);
      await this.#write({ ...nothing(instance_id), from, to: first, gap: true });
      return true;
    }
    const applied = this.#d.applied();
    if (!applied || compare(applied, from) <= 0) return false;
    const read = await this.#d.reader.read(from, batch_records);
    const next = compare(read.next, applied) > 0 ? applied : read.next;
    if (compare(next, from) <= 0) return false;
    const records = next === read.next ? read.records : read.records.filter((record) => record.end <= applied.offset);
    const at = await this.#closingRecord(records);
    const closing = records[at];
    if (closing) {
      await this.#write(await this.#batch(from, { ...from, offset: closing.end }, records.slice(0, at + 1), closing.hash));
      return true;
    }
    const whole = records.length === batch_records || next.segment !== from.segment;
    if (!whole && this.#d.monotonic_ms() - this.#written_ms < this.#options.gather_ms) return false;
    await this.#write(await this.#batch(from, next, records, null));
    return true;
  }

  async #closingRecord(records: ShareRecord[]): Promise<number> {
    const candidates = records.filter((record) => record.kind === "block" && record.result !== "duplicate");
    const hashes = [...new Set(candidates.map((record) => record.hash))];
    const blocks = await blocksWithoutReceipt(this.#d.database, this.#options.instance_id, hashes);
    return records.findIndex((record) => record.kind === "block" && record.result !== "duplicate" && blocks.has(record.hash));
  }

  async #batch(from: LogPosition, to: LogPosition, records: ShareRecord[], closes: string | null): Promise<ReceiptBatch> {
    const accepted = records.filter((record) => record.result === "accepted");
    const locals = [...new Set(accepted.map((record) => record.worker_id))].filter((id) => id >= LOCAL_WORKER_ID_MIN);
    const resolved = locals.length > 0 ? await this.#d.resolveWorkers(locals) : new Map<number, number>();
    const bytes = new Uint8Array(accepted.length * RECEIPT_SHARE_BYTES);
    const first = records[0];
    const last = records.at(-1);
    return {
      ...nothing(this.#options.instance_id),
      from,
      to,
      closes,
      stretch:
        first && last
          ? {
              first_sequence: BigInt(first.sequence),
              last_sequence: BigInt(last.sequence),
              started_at_ms: first.at_ms,
              ended_at_ms: last.at_ms,
            }
          : null,
      accepted: accepted.map((record, i) => {
        const worker_id = resolved.get(record.worker_id) ?? record.worker_id;
        const at = i * RECEIPT_SHARE_BYTES;
        packShare({ ...record, worker_id, sequence: BigInt(record.sequence) }, bytes, at);
        return { worker_id, packed: bytes.subarray(at, at + RECEIPT_SHARE_BYTES) };
      }),
    };
  }

  async #write(batch: ReceiptBatch): Promise<void> {
    const step = await archiveShares(this.#d.database, batch, this.#options);
    this.#position = step.archived ? batch.to : step.position;
    this.#written_ms = this.#d.monotonic_ms();
    if (step.archived && step.receipt) this.#d.onReceipt(step.receipt);
  }

  #sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    if (this.#stopped || this.#poked) this.#wake();
    return promise;
  }
}

const nothing = (instance_id: string): Omit<ReceiptBatch, "from" | "to"> => ({
  instance_id,
  stretch: null,
  accepted: [],
  closes: null,
  gap: false,
});

function compare(a: LogPosition, b: LogPosition): number {
  return a.segment - b.segment || a.offset - b.offset;
}
