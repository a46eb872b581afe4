/**
 * Workers that first came while the database was away. Each gets an id of this machine's own, above all ids of the database, and a line in
 * a file before it is let in; the share log carries that id until the database can say the right one.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LineWriter } from "../line_writer.ts";
import { LOCAL_WORKER_ID_MIN } from "../shares/consumer.ts";

export interface LocalWorker {
  id: number;
  address: string;
  name: string;
  /** Mines for itself alone. */
  solo: boolean;
}

/** A made-up login costs a line each; this many are kept at most. */
const LOCAL_WORKERS_MAX = 100_000;

export class LocalWorkers {
  readonly #path: string;
  readonly #byId = new Map<number, LocalWorker>();
  readonly #byLogin = new Map<string, number>();
  readonly #used = new Set<number>();
  #next = LOCAL_WORKER_ID_MIN;
  #fd: number | null = null;
  #writer: LineWriter | null = null;

  constructor(options: { dir: string }) {
    this.#path = join(options.dir, "local_workers.jsonl");
  }

  /**
   * To be called by the one process that holds the data folder. Throws when the folder cannot be written. A torn last line (a crash
   * while writing it) was never let in and is dropped.
   */
  open(): void {
    for (const line of readLines(this.#path)) this.#load(line);
    this.#begin();
  }

  get size(): number {
    return this.#byId.size;
  }

  identity(id: number): LocalWorker | null {
    return this.#byId.get(id) ?? null;
  }

  /** On disk when it returns; null when there are too many. */
  assign(address: string, name: string, solo = false): number | null {
    const known = this.#byLogin.get(loginKey(address, name, solo));
    if (known !== undefined) {
      this.#used.add(known);
      return known;
    }
    if (this.#fd === null || this.#byId.size >= LOCAL_WORKERS_MAX || this.#next > 0xffffffff) return null;
    // A number is used up even where its line was not taken: nobody knows how much of that is on disk.
    const worker = { id: this.#next, address, name, solo };
    this.#next += 1;
    this.#writer?.write(JSON.stringify(worker));
    fsyncSync(this.#fd);
    this.#remember(worker);
    this.#used.add(worker.id);
    return worker.id;
  }

  /** Workers of connections that an earlier process let in and this one goes on with. */
  keep(ids: Iterable<number>): void {
    for (const id of ids) if (this.#byId.has(id)) this.#used.add(id);
  }

  /** Forgets who was not let in by this process: for when every share of the ones before it is applied. Numbers are not given out twice. */
  forgetUnused(): void {
    const unused = [...this.#byId.values()].filter((worker) => !this.#used.has(worker.id));
    if (unused.length === 0) return;
    for (const worker of unused) {
      this.#byId.delete(worker.id);
      this.#byLogin.delete(loginKey(worker.address, worker.name, worker.solo));
    }
    this.#begin();
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#writer = null;
  }

  #load(line: string): void {
    try {
      const item = JSON.parse(line) as Partial<LocalWorker> & { next?: number };
      if (typeof item.next === "number") this.#next = Math.max(this.#next, item.next);
      if (typeof item.id === "number" && typeof item.address === "string" && typeof item.name === "string") {
        this.#remember({ id: item.id, address: item.address, name: item.name, solo: item.solo === true });
        this.#next = Math.max(this.#next, item.id + 1);
      }
    } catch {
      // The torn line of a crash.
    }
  }

  #remember(worker: LocalWorker): void {
    this.#byId.set(worker.id, worker);
    this.#byLogin.set(loginKey(worker.address, worker.name, worker.solo), worker.id);
  }

  /** The file with what is known, and nothing else. */
  #begin(): void {
    const before = this.#fd;
    this.#fd = this.#rewrite();
    this.#writer = new LineWriter(this.#fd);
    if (before !== null) closeSync(before);
  }

  /** Returns the file, open for appending. */
  #rewrite(): number {
    const temporary = `${this.#path}.new`;
    const fd = openSync(temporary, "w", 0o600);
    try {
      const lines = [{ next: this.#next }, ...this.#byId.values()].map((item) => `${JSON.stringify(item)}\n`);
      writeFileSync(fd, lines.join(""));
      fsyncSync(fd);
      renameSync(temporary, this.#path);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
}

/** No address and no worker name has a blank in it. */
export function loginKey(address: string, name: string, solo: boolean): string {
  return `${address}.${name}${solo ? " solo" : ""}`;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
