/** So many at once and so many a second: a token bucket, with the time handed in. */
export class RateBound {
  readonly #per_s: number;
  readonly #burst: number;
  #tokens: number;
  #at_ms: number | null = null;

  constructor({ per_s, burst }: { per_s: number; burst: number }) {
    this.#per_s = per_s;
    this.#burst = burst;
    this.#tokens = burst;
  }

  take(now_ms: number): boolean {
    const elapsed_ms = Math.max(0, now_ms - (this.#at_ms ?? now_ms));
    this.#at_ms = now_ms;
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsed_ms * this.#per_s) / 1000);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How long until one may be taken. */
  wait_ms(now_ms: number): number {
    const tokens = this.#tokens + (Math.max(0, now_ms - (this.#at_ms ?? now_ms)) * this.#per_s) / 1000;
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / this.#per_s);
  }
}
