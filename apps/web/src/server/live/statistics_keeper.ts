import type { StatisticsReading } from "@otedama/db/web";

/**
 * The statistics are the same for everyone, whichever way they ask: read once however many do, and kept for a few seconds, so that API,
 * metrics, CSV and page say the same at the same time. Rejects as the database does while it is away.
 */
export class StatisticsKeeper {
  readonly #ttl_ms: number;
  readonly #read: () => Promise<StatisticsReading>;
  readonly #now: () => number;
  #kept: Promise<StatisticsReading> | null = null;
  #until_ms = Number.NEGATIVE_INFINITY;

  constructor(options: { ttl_ms: number }, dependencies: { read: () => Promise<StatisticsReading>; now: () => number }) {
    this.#ttl_ms = options.ttl_ms;
    this.#read = dependencies.read;
    this.#now = dependencies.now;
  }

  read(): Promise<StatisticsReading> {
    if (this.#kept !== null && this.#now() < this.#until_ms) return this.#kept;
    const reading = this.#read();
    this.#kept = reading;
    // While it is being read everybody waits for the same answer.
    this.#until_ms = Number.POSITIVE_INFINITY;
    reading.then(
      () => {
        this.#until_ms = this.#now() + this.#ttl_ms;
      },
      () => {
        this.#kept = null;
      },
    );
    return reading;
  }
}
