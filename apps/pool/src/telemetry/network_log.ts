/** Keeps the network's difficulty in the database whenever a job has another one, so that work has an expectation. */
import { type Database, writeNetworkDifficulty } from "@otedama/db/pool";

export interface NetworkLogDependencies {
  database: Database;
  databaseUp: () => boolean;
  /** What the newest job is of; null before the first. */
  job: () => { height: number; network_difficulty: number } | null;
  now_ms: () => number;
  onTrouble: (error: Error) => void;
}

export class NetworkLog {
  readonly #every_ms: number;
  readonly #d: NetworkLogDependencies;
  #written = "";
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: { every_ms: number }, dependencies: NetworkLogDependencies) {
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
    tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#writing;
  }

  async write(): Promise<void> {
    const job = this.#d.job();
    if (!job || !this.#d.databaseUp()) return;
    const { height, network_difficulty: difficulty } = job;
    const now = `${height} ${difficulty}`;
    if (now === this.#written || !(difficulty > 0)) return;
    await writeNetworkDifficulty(this.#d.database, { at_ms: this.#d.now_ms(), height, difficulty });
    this.#written = now;
  }
}
