/**
 * Many small writes as few large ones: items gather for a moment, go to the database together, and each is answered when its batch is
 * committed. What waits is bounded, and one batch is under way at a time, so a slow database makes batches larger and then refuses, and
 * never makes memory grow.
 */
import { isDatabaseAway } from "@otedama/db/web";

export interface GroupCommitOptions {
  /** How long the first of a batch waits for others. */
  interval_ms: number;
  batch_max: number;
  /** Beyond it an item is refused with a QueueFullError. */
  waiting_max: number;
}

export class QueueFullError extends Error {
  constructor() {
    super("more is waiting to be stored than may");
  }
}

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions;
  readonly #write: (items: readonly Item[]) => Promise<readonly Result[]>;
  #waiting: Waiting<Item, Result>[] = [];
  #running: Promise<void> | null = null;

  /** `write` stores all or none and answers one result for each item, in order. */
  constructor(options: GroupCommitOptions, dependencies: { write: (items: readonly Item[]) => Promise<readonly Result[]> }) {
    this.#options = options;
    this.#write = dependencies.write;
  }

  /** Resolves once it is stored. Rejects with what the database said, or with a QueueFullError. */
  add(item: Item): Promise<Result> {
    if (this.#waiting.length >= this.#options.waiting_max) return Promise.reject(new QueueFullError());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Until nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#options.interval_ms));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#options.batch_max);
      await this.#commit(batch);
    }
    this.#running = null;
  }

  async #commit(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#write(batch.map((waiting) => waiting.item));
      for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as Result);
    } catch (error) {
      if (batch.length === 1 || isDatabaseAway(error)) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      // One item that the database refuses must not take the others with it.
      for (const waiting of batch) await this.#commit([waiting]);
    }
  }
}
