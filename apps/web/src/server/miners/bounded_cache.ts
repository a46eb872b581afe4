/**
 * Answers that anybody may ask for: each is fetched once however many ask, kept for a few seconds, and few are fetched at a time, so that
 * the public cannot take the database from the dashboard.
 */
export class BusyError extends Error {
  constructor() {
    super("Too many people are asking at once. Try again in a moment.");
    this.name = "BusyError";
  }
}

export interface CacheOptions {
  ttl_ms: number;
  entries_max: number;
  fetching_max: number;
}

export class BoundedCache {
  readonly #options: CacheOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, { at_ms: number; value: Promise<unknown> }>();
  #fetching = 0;

  constructor(options: CacheOptions, dependencies: { now: () => number }) {
    this.#options = options;
    this.#now = dependencies.now;
  }

  /** Throws a BusyError when too many fetches are under way; a fetch that fails is not kept. */
  async get<T>(key: string, fetch: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known && this.#now() - known.at_ms < this.#options.ttl_ms) return known.value as Promise<T>;
    if (this.#fetching >= this.#options.fetching_max) throw new BusyError();
    this.#fetching += 1;
    const value = fetch().finally(() => {
      this.#fetching -= 1;
    });
    const entry = { at_ms: this.#now(), value };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#options.entries_max) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return value;
  }

  drop(key: string): void {
    this.#entries.delete(key);
  }
}
