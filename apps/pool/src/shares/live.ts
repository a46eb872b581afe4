/**
 * What screens show of the shares this second: hashrates of the pool and of each worker, and the open round. Read from the share log
 * directly, so that it is right while the database is away; the database only gives it its memory at the start.
 */
import { type Database, type LogPosition, readCursor, readRecentWork, readRound } from "@otedama/db/pool";
import { workHashes } from "@otedama/shared";
import type { ShareRecord } from "./log_format.ts";
import type { ShareLogReader } from "./log_reader.ts";
import { addWork, emptyRate, hashrate, type Rate } from "./rates.ts";

const MINUTE = 60_000;
const WINDOWS_MS = { m1: MINUTE, m15: 15 * MINUTE, h1: 60 * MINUTE, d1: 24 * 60 * MINUTE } as const;

interface WorkerRates {
  since_ms: number;
  m1: Rate;
  m15: Rate;
  d1: Rate;
}

export interface LiveDependencies {
  reader: ShareLogReader;
  database: Database;
  /** The database's id for a record's worker id; the id itself while that is not known. */
  workerOf: (id: number) => number;
  /** Whether a worker mines for itself alone: its shares and blocks are of no round of the others. */
  isSolo: (id: number) => boolean;
  now_ms: () => number;
}

const READ_MS = 250;
const READ_RECORDS = 20_000;
const MEMORY_MS = 2 * WINDOWS_MS.d1;
const FORGET_BELOW_HPS = 0.01;

export class LiveShares {
  readonly #instance_id: string;
  readonly #d: LiveDependencies;
  readonly #workers = new Map<number, WorkerRates>();
  readonly #pool: { m1: Rate; m15: Rate; h1: Rate };
  #since_ms: number;
  #position: LogPosition | null = null;
  #round: { started_at_ms: number; work_hashes: number };
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: { instance_id: string }, dependencies: LiveDependencies) {
    this.#instance_id = options.instance_id;
    this.#d = dependencies;
    const now = dependencies.now_ms();
    this.#since_ms = now;
    this.#pool = { m1: emptyRate(now), m15: emptyRate(now), h1: emptyRate(now) };
    this.#round = { started_at_ms: now, work_hashes: 0 };
  }

  /** Remembers from the database where it is there; begins at the end of the log where it is not. */
  async start(end: LogPosition | null, database_up: boolean): Promise<void> {
    try {
      if (database_up) await this.#remember();
      else this.#position = end;
    } catch {
      this.#position = end;
    }
    const tick = () => {
      this.#reading = this.read().catch(() => {});
      void this.#reading.then(() => {
        if (!this.#stopped) this.#timer = setTimeout(tick, READ_MS);
      });
    };
    tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#reading;
  }

  poolRates(): { m1: number; m15: number; h1: number } {
    const now = this.#d.now_ms();
    return {
      m1: hashrate(this.#pool.m1, now, WINDOWS_MS.m1, this.#since_ms),
      m15: hashrate(this.#pool.m15, now, WINDOWS_MS.m15, this.#since_ms),
      h1: hashrate(this.#pool.h1, now, WINDOWS_MS.h1, this.#since_ms),
    };
  }

  round(): { started_at_ms: number; work_hashes: number } {
    return this.#round;
  }

  /** Ids of the database where they are known. Forgets who has been silent for so long that nothing is left. */
  workerRates(): Map<number, { m1: number; m15: number; d1: number }> {
    const now = this.#d.now_ms();
    const rates = new Map<number, { m1: number; m15: number; d1: number }>();
    for (const [id, worker] of this.#workers) {
      const d1 = hashrate(worker.d1, now, WINDOWS_MS.d1, worker.since_ms);
      if (d1 < FORGET_BELOW_HPS && now - worker.since_ms > WINDOWS_MS.d1) this.#workers.delete(id);
      rates.set(this.#d.workerOf(id), {
        m1: hashrate(worker.m1, now, WINDOWS_MS.m1, worker.since_ms),
        m15: hashrate(worker.m15, now, WINDOWS_MS.m15, worker.since_ms),
        d1,
      });
    }
    return rates;
  }

  /** Reads to the end of the log. */
  async read(): Promise<void> {
    this.#position ??= await this.#d.reader.first();
    while (this.#position && !this.#stopped) {
      const read = await this.#d.reader.read(this.#position, READ_RECORDS);
      if (read.next.segment === this.#position.segment && read.next.offset === this.#position.offset) return;
      for (const record of read.records) this.#add(record);
      this.#position = read.next;
    }
  }

  #add(record: ShareRecord): void {
    const solo = this.#d.isSolo(record.worker_id);
    if (record.result === "accepted") {
      const work_hashes = Number(workHashes(record.difficulty));
      this.#addWork(record.worker_id, work_hashes, record.at_ms);
      if (!solo) this.#round.work_hashes += work_hashes;
    }
    if (solo) return;
    if (record.kind === "block" && record.result !== "duplicate") this.#round = { started_at_ms: record.at_ms, work_hashes: 0 };
  }

  #addWork(id: number, work_hashes: number, at_ms: number): void {
    let worker = this.#workers.get(id);
    if (!worker) {
      worker = { since_ms: at_ms, m1: emptyRate(at_ms), m15: emptyRate(at_ms), d1: emptyRate(at_ms) };
      this.#workers.set(id, worker);
    }
    addWork(worker.m1, work_hashes, at_ms, WINDOWS_MS.m1);
    addWork(worker.m15, work_hashes, at_ms, WINDOWS_MS.m15);
    addWork(worker.d1, work_hashes, at_ms, WINDOWS_MS.d1);
    addWork(this.#pool.m1, work_hashes, at_ms, WINDOWS_MS.m1);
    addWork(this.#pool.m15, work_hashes, at_ms, WINDOWS_MS.m15);
    addWork(this.#pool.h1, work_hashes, at_ms, WINDOWS_MS.h1);
  }

  async #remember(): Promise<void> {
    // The cursor first: what is applied after it would otherwise be remembered and read.
    const cursor = await readCursor(this.#d.database, this.#instance_id);
    const now = this.#d.now_ms();
    if (!cursor) return;
    const round = await readRound(this.#d.database, this.#instance_id);
    this.#round = { started_at_ms: round.started_at_ms ?? now, work_hashes: Number(round.work_hashes) };
    const history = await readRecentWork(this.#d.database, now - MEMORY_MS);
    const first = history[0];
    if (first) this.#since_ms = Math.min(this.#since_ms, first.at_ms);
    for (const row of history) this.#addWork(row.worker_id, row.work_hashes, row.at_ms);
    this.#position = cursor;
  }
}
