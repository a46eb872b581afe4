/** Keeps the database from growing for ever: packs and drops shares that are old, a little at a time and one instance at a time. */
import { type Database, dropDetail, packBuckets, readRetentionBounds } from "@otedama/db/pool";

export interface ShareRetentionOptions {
  keep_days: number;
  /** Between two passes. */
  every_ms: number;
}

export interface ShareRetentionDependencies {
  database: Database;
  databaseUp: () => boolean;
  monotonic_ms: () => number;
  onTrouble: (error: Error) => void;
}

const FIRST_MS = 60_000;
const DETAIL_MS = 3_600_000;

export class ShareRetention {
  readonly #options: ShareRetentionOptions;
  readonly #d: ShareRetentionDependencies;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #detail_due_ms = Number.NEGATIVE_INFINITY;

  constructor(options: ShareRetentionOptions, dependencies: ShareRetentionDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  start(): void {
    const again = (wait_ms: number) => {
      this.#timer = setTimeout(() => {
        this.#running = this.pass().catch((error) => this.#d.onTrouble(error));
        void this.#running.then(() => {
          if (!this.#stopped) again(this.#options.every_ms);
        });
      }, wait_ms);
    };
    again(FIRST_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#running;
  }

  /** Everything that is due now. */
  async pass(): Promise<void> {
    if (!this.#d.databaseUp()) return;
    const { database, monotonic_ms } = this.#d;
    const bounds = await readRetentionBounds(database, this.#options.keep_days);
    if (bounds === null) return;
    let from_s: number | null = null;
    do {
      const began_ms = monotonic_ms();
      from_s = await packBuckets(database, bounds.pack_before_s, from_s);
      // As long at rest as at work: the share log has the same disk.
      if (from_s !== null) await new Promise((resolve) => setTimeout(resolve, monotonic_ms() - began_ms));
    } while (from_s !== null && !this.#stopped);
    // What is kept too finely is looked for in whole tables: less often.
    if (this.#stopped || monotonic_ms() < this.#detail_due_ms) return;
    const more = await dropDetail(database, bounds, () => this.#stopped);
    this.#detail_due_ms = monotonic_ms() + (more ? 0 : DETAIL_MS);
  }
}
