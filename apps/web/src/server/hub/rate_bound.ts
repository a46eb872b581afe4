/** A token bucket: `burst` messages at once, `per_s` in the long run. */
export class RateBound {
  readonly #per_s: number;
  readonly #burst: number;
  #left: number;
  #at_ms: number;

  constructor(options: { per_s: number; burst: number }, now_ms: number) {
    this.#per_s = options.per_s;
    this.#burst = options.burst;
    this.#left = options.burst;
    this.#at_ms = now_ms;
  }

  take(now_ms: number): boolean {
    if (!this.open(now_ms)) return false;
    this.#left--;
    return true;
  }

  /** Whether one could be taken. */
  open(now_ms: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (Math.max(0, now_ms - this.#at_ms) / 1000) * this.#per_s);
    this.#at_ms = now_ms;
    return this.#left >= 1;
  }
}
