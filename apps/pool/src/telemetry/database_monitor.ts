/** Asks the database for a sign of life every few seconds, so that it is known to be away before somebody needs it. */
import { type Database, isUnavailable } from "@otedama/db/pool";
import type { Health } from "./health.ts";

export class DatabaseMonitor {
  readonly #every_ms: number;
  readonly #database: Database;
  readonly #health: Health;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  /** What the accounts stumbled over while the database itself is there. */
  #fault: string | null = null;
  /** Why shares cannot even be kept on disk. */
  #disk: string | null = null;

  constructor(options: { every_ms: number }, dependencies: { database: Database; health: Health }) {
    this.#every_ms = options.every_ms;
    this.#database = dependencies.database;
    this.#health = dependencies.health;
  }

  get up(): boolean {
    return this.#health.current.state !== "down";
  }

  /** Returns after the first look. */
  async start(): Promise<void> {
    await this.#look();
    const tick = async () => {
      await this.#look();
      if (!this.#stopped) this.#timer = setTimeout(tick, this.#every_ms);
    };
    this.#timer = setTimeout(tick, this.#every_ms);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** From whoever used the database; null when it went well. */
  report(error: Error | null): void {
    if (error && isUnavailable(error)) {
      this.#health.set("down", away(error));
      return;
    }
    this.#fault = error && `Shares wait, the accounts cannot be written: ${error.message}`;
    if (this.up) this.#setUp();
  }

  /** The share log stands between miners and the database: its faults are shown with the database's. Null when it is written. */
  reportShareLog(message: string | null): void {
    this.#disk = message && `Shares are refused, the share log cannot be written: ${message}`;
    if (this.up) this.#setUp();
  }

  #setUp(): void {
    const trouble = this.#disk ?? this.#fault;
    this.#health.set(trouble ? "degraded" : "ok", trouble);
  }

  async #look(): Promise<void> {
    try {
      await this.#database.query("SELECT 1");
      this.#setUp();
    } catch (error) {
      this.#health.set("down", away(error as Error));
    }
  }
}

function away(error: Error): string {
  return `The database is away (${error.message || (error as { code?: string }).code || "no answer"}). Miners go on; their shares are kept on disk and counted when it is back.`;
}
