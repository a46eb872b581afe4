import { isDatabaseAway, type Sql } from "@otedama/db/web";
import type { PartHealth } from "@otedama/shared";

export interface DatabaseWatchOptions {
  interval_ms: number;
  /** A probe that takes longer makes the database degraded. */
  slow_ms: number;
}

/** Asks the database every few seconds whether it is there, so that screens can say so without a failing request of their own. */
export class DatabaseWatch {
  readonly #options: DatabaseWatchOptions;
  readonly #sql: Sql;
  readonly #changed: (health: PartHealth) => void;
  readonly #now: () => number;
  #health: PartHealth;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(
    options: DatabaseWatchOptions,
    dependencies: { sql: Sql; changed: (health: PartHealth) => void; now: () => number },
  ) {
    this.#options = options;
    this.#sql = dependencies.sql;
    this.#changed = dependencies.changed;
    this.#now = dependencies.now;
    this.#health = { state: "down", since_ms: dependencies.now(), message: "The database has not been asked yet." };
  }

  get health(): PartHealth {
    return this.#health;
  }

  /** Probes once and goes on in the background. */
  async start(): Promise<void> {
    await this.#probe();
    this.#again();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #again(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#probe().finally(() => this.#again()), this.#options.interval_ms);
  }

  async #probe(): Promise<void> {
    const began = performance.now();
    try {
      await this.#sql.query("SELECT 1");
      const took_ms = performance.now() - began;
      if (took_ms > this.#options.slow_ms) this.#become("degraded", `The database takes ${Math.round(took_ms)} ms to answer.`);
      else this.#become("ok", null);
    } catch (error) {
      const why = isDatabaseAway(error) ? "The database does not answer" : "The database refuses queries";
      this.#become("down", `${why}. Lists and sign-in wait for it; mining goes on.`);
    }
  }

  #become(state: PartHealth["state"], message: string | null): void {
    if (this.#stopped) return;
    const same = state === this.#health.state;
    this.#health = { state, since_ms: same ? this.#health.since_ms : this.#now(), message };
    if (!same) this.#changed(this.#health);
  }
}
