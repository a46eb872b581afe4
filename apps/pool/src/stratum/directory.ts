/**
 * Logins to worker ids: from memory, else from the database, else (while that is away) from this machine's own register. No miner is
 * turned away because the database is.
 */
import { type Database, ensureWorker, isUnavailable } from "@otedama/db/pool";
import { type LocalWorkers, loginKey } from "./local_workers.ts";

export interface DirectoryDependencies {
  database: Database;
  local: LocalWorkers;
  /** False while the database is known to be away: then nobody waits for it. */
  databaseUp: () => boolean;
}

export interface DirectoryOptions {
  cache_max: number;
  /** Logins that may wait for the database at one time. */
  waiting_max: number;
}

export class DirectoryFullError extends Error {
  override name = "DirectoryFullError";
}

export class WorkerDirectory {
  readonly #options: DirectoryOptions;
  readonly #d: DirectoryDependencies;
  /** Oldest use first. */
  readonly #cache = new Map<string, number>();
  /** Database ids of local ones, as far as they are known. */
  readonly #resolved = new Map<number, number>();
  readonly #pending = new Map<string, Promise<number>>();
  /** Ids, of the database and local ones, of workers that mine for themselves alone. */
  readonly #solo = new Set<number>();

  constructor(options: DirectoryOptions, dependencies: DirectoryDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Throws a DirectoryFullError, whose message is for the miner. */
  async workerId(address: string, name: string, solo = false): Promise<number> {
    const key = loginKey(address, name, solo);
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#cache.delete(key);
      this.#cache.set(key, cached);
      return cached;
    }
    const pending = this.#pending.get(key);
    if (pending) return pending;
    if (this.#pending.size >= this.#options.waiting_max) {
      throw new DirectoryFullError("The pool is taking in many new workers just now: try again in a minute.");
    }
    const lookup = this.#lookUp(address, name, solo, key).finally(() => this.#pending.delete(key));
    this.#pending.set(key, lookup);
    return lookup;
  }

  async #lookUp(address: string, name: string, solo: boolean, key: string): Promise<number> {
    if (this.#d.databaseUp()) {
      try {
        const { worker_id } = await ensureWorker(this.#d.database, address, name, solo);
        this.#remember(key, worker_id);
        if (solo) this.#solo.add(worker_id);
        return worker_id;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
      }
    }
    const local = this.#d.local.assign(address, name, solo);
    if (local === null) {
      throw new DirectoryFullError(
        "The pool's database is away and too many new workers are waiting for it: try again in a minute.",
      );
    }
    if (solo) this.#solo.add(local);
    return this.#resolved.get(local) ?? local;
  }

  /** Whether a worker mines for itself alone, as far as this process let it in or was told. */
  isSolo(id: number): boolean {
    return this.#solo.has(id) || this.#d.local.identity(id)?.solo === true;
  }

  knowSolo(ids: Iterable<number>): void {
    for (const id of ids) this.#solo.add(id);
  }

  #remember(key: string, worker_id: number): void {
    this.#cache.set(key, worker_id);
    const oldest = this.#cache.keys().next();
    if (this.#cache.size > this.#options.cache_max && !oldest.done) this.#cache.delete(oldest.value);
  }

  /** The database's id where it is known, else the id itself. */
  workerOf(id: number): number {
    return this.#resolved.get(id) ?? id;
  }

  /** Makes the workers behind local ids in the database. Throws as a query does. */
  async resolve(ids: number[]): Promise<Map<number, number>> {
    const found = new Map<number, number>();
    for (const id of ids) {
      let worker_id = this.#resolved.get(id);
      const identity = this.#d.local.identity(id);
      if (worker_id === undefined && identity) {
        const { address, name, solo } = identity;
        worker_id = (await ensureWorker(this.#d.database, address, name, solo)).worker_id;
        this.#resolved.set(id, worker_id);
        this.#remember(loginKey(address, name, solo), worker_id);
        if (solo) this.#solo.add(worker_id);
      }
      if (worker_id !== undefined) found.set(id, worker_id);
    }
    return found;
  }
}
