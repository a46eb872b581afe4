/**
 * Sees to it that every block on disk is in the share log too. The disk may have been full when a block was found, and the process gone before
 * the engine could write its record: the block went to the nodes all the same, and without a record nobody would be paid for it. Such a
 * block is written to the log at the next start, before any job is sent, so that it stands in the log where it was found. Where the
 * database cannot say then which blocks it knows, that is made good later: once the log has been applied past the time when the
 * block's file was there.
 */
import { type Database, listKnownBlocks } from "@otedama/db/pool";
import type { StratumEngine } from "@otedama/native/engine-types";
import type { BlockFiles } from "./block_files.ts";

export interface LateRecordsDependencies {
  database: Database;
  files: Pick<BlockFiles, "list" | "read">;
  engine: Pick<StratumEngine, "logBlock">;
  /** How long ago the log was last applied to its end; null before that was ever so. */
  applied_age_ms: () => number | null;
  monotonic_ms: () => number;
  onLate: (hash: string) => void;
}

export interface LateRecordsOptions {
  /** Longest time between a block's file and its record on the disk that is reckoned with. */
  unwritten_ms: number;
}

export class LateRecords {
  readonly #options: LateRecordsOptions;
  readonly #d: LateRecordsDependencies;
  readonly #known = new Set<string>();
  /** When a block that is not known was first seen, or written late. */
  readonly #since_ms = new Map<string, number>();

  constructor(options: LateRecordsOptions, dependencies: LateRecordsDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Blocks that may still have to be written late, as of the last pass. */
  get waiting(): number {
    return this.#since_ms.size;
  }

  /** To be called before the first job. `logged` gives the blocks whose records are in the log and not applied yet. */
  async begin(logged: () => Promise<ReadonlySet<string>>): Promise<void> {
    const stored = await this.#d.files.list();
    if (stored.length === 0) return;
    for (const hash of await listKnownBlocks(this.#d.database, stored)) this.#known.add(hash);
    const unsure = stored.filter((hash) => !this.#known.has(hash));
    if (unsure.length === 0) return;
    const in_log = await logged();
    const missing = unsure.filter((hash) => !in_log.has(hash));
    const blocks = await Promise.all(missing.map((hash) => this.#d.files.read(hash)));
    const found = blocks.filter((block) => block !== null).sort((a, b) => a.height - b.height || a.found_at_ms - b.found_at_ms);
    for (const { hash } of found) await this.#write(hash);
  }

  /** Throws what the database and the disk throw; the next pass goes on. */
  async pass(): Promise<void> {
    const { database, files, applied_age_ms, monotonic_ms } = this.#d;
    const stored = await files.list();
    const unsure = stored.filter((hash) => !this.#known.has(hash));
    for (const hash of this.#known) if (!stored.includes(hash)) this.#known.delete(hash);
    for (const hash of this.#since_ms.keys()) if (!unsure.includes(hash)) this.#since_ms.delete(hash);
    if (unsure.length === 0) return;
    for (const hash of await listKnownBlocks(database, unsure)) this.#known.add(hash);
    const age_ms = applied_age_ms();
    for (const hash of unsure) {
      if (this.#known.has(hash)) {
        this.#since_ms.delete(hash);
        continue;
      }
      const since_ms = this.#since_ms.get(hash);
      if (since_ms === undefined) this.#since_ms.set(hash, monotonic_ms());
      else if (age_ms !== null && monotonic_ms() - age_ms > since_ms + this.#options.unwritten_ms) await this.#write(hash);
    }
  }

  async #write(hash: string): Promise<void> {
    const block = await this.#d.files.read(hash);
    if (!block || !this.#d.engine.logBlock(block)) return;
    this.#since_ms.set(hash, this.#d.monotonic_ms());
    this.#d.onLate(hash);
  }
}
