/** Writes workers' live state to the database every few seconds: only of those that changed. */
import { type Database, listLiveWorkers, type WorkerLive, writeWorkerLive } from "@otedama/db/pool";
import type { EngineSession } from "@otedama/native/engine-types";
import { LOCAL_WORKER_ID_MIN } from "./consumer.ts";

export interface WorkerStatesDependencies {
  database: Database;
  sessions: () => EngineSession[];
  rates: () => Map<number, { m1: number; m15: number; d1: number }>;
  workerOf: (id: number) => number;
  databaseUp: () => boolean;
  onTrouble: (error: Error) => void;
}

/** A hashrate that moved by less than this part is not news. */
const NEWS = 0.02;
const ROWS_PER_WRITE = 5_000;

export class WorkerStates {
  readonly #every_ms: number;
  readonly #d: WorkerStatesDependencies;
  #written: Map<number, WorkerLive> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: { every_ms: number }, dependencies: WorkerStatesDependencies) {
    this.#every_ms = options.every_ms;
    this.#d = dependencies;
  }

  start(): void {
    const tick = () => {
      this.#writing = this.write().catch((error) => this.#d.onTrouble(error));
      void this.#writing.then(() => {
        if (!this.#stopped) this.#timer = setTimeout(tick, this.#every_ms);
      });
    };
    this.#timer = setTimeout(tick, this.#every_ms);
  }

  /** With `offline`, everybody is written down as gone: the pool is closing. */
  async stop(offline: boolean): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#writing;
    if (offline) await this.write(true).catch((error) => this.#d.onTrouble(error));
  }

  async write(offline = false): Promise<void> {
    if (!this.#d.databaseUp()) return;
    this.#written ??= new Map((await listLiveWorkers(this.#d.database)).map((row) => [row.worker_id, row]));
    const now = this.#current(offline);
    // Whoever was written and is not there any more is written as gone.
    for (const [id, row] of this.#written) {
      if (!now.has(id)) now.set(id, { ...row, connections: 0, hashrate_m1_hps: 0, hashrate_m15_hps: 0, hashrate_d1_hps: 0 });
    }
    const changed = [...now.values()].filter((row) => differs(this.#written?.get(row.worker_id), row)).slice(0, ROWS_PER_WRITE);
    await writeWorkerLive(this.#d.database, changed);
    for (const row of changed) {
      if (isSilent(row)) this.#written.delete(row.worker_id);
      else this.#written.set(row.worker_id, row);
    }
  }

  #current(offline: boolean): Map<number, WorkerLive> {
    const rows = new Map<number, WorkerLive>();
    for (const session of offline ? [] : this.#d.sessions()) {
      const id = this.#d.workerOf(session.worker_id);
      if (id >= LOCAL_WORKER_ID_MIN) continue;
      const row = rows.get(id);
      if (row) {
        row.connections += 1;
        row.difficulty = Math.max(row.difficulty, session.difficulty);
      } else rows.set(id, emptyRow(id, 1, session.user_agent.replaceAll("\0", ""), session.difficulty));
    }
    for (const [id, rate] of this.#d.rates()) {
      if (id >= LOCAL_WORKER_ID_MIN) continue;
      const before = this.#written?.get(id);
      const row = rows.get(id) ?? emptyRow(id, 0, before?.user_agent ?? "", before?.difficulty ?? 0);
      row.hashrate_m1_hps = rate.m1;
      row.hashrate_m15_hps = rate.m15;
      row.hashrate_d1_hps = rate.d1;
      rows.set(id, row);
    }
    return rows;
  }
}

function emptyRow(worker_id: number, connections: number, user_agent: string, difficulty: number): WorkerLive {
  return { worker_id, connections, user_agent, difficulty, hashrate_m1_hps: 0, hashrate_m15_hps: 0, hashrate_d1_hps: 0 };
}

function isSilent(row: WorkerLive): boolean {
  return row.connections === 0 && row.hashrate_m1_hps === 0 && row.hashrate_m15_hps === 0 && row.hashrate_d1_hps === 0;
}

function differs(before: WorkerLive | undefined, now: WorkerLive): boolean {
  if (!before) return !isSilent(now);
  return (
    before.connections !== now.connections ||
    before.user_agent !== now.user_agent ||
    before.difficulty !== now.difficulty ||
    moved(before.hashrate_m1_hps, now.hashrate_m1_hps) ||
    moved(before.hashrate_m15_hps, now.hashrate_m15_hps) ||
    moved(before.hashrate_d1_hps, now.hashrate_d1_hps)
  );
}

function moved(before: number, now: number): boolean {
  return Math.abs(now - before) > NEWS * Math.max(before, now) || (now === 0) !== (before === 0);
}
