/**
 * Sees to it that every block on disk is in the share log too. A full disk may take a block's file and not its record, or the record may have
 * been among those that a failed write took along: the block went to the nodes all the same, and without a record nobody would be paid for
 * it. Once the log has been applied past the time when its file was there, a block that the database does not know is written to the
 * log late.
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
