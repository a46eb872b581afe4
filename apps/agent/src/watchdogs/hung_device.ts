/** A device that should hash and whose counter stands still. Pure; the time is handed in. */
export const HUNG_AFTER_MS = 30_000;
/** After a restart that did not help, the next one is left so long: 1, 2, 4 … times. */
const WAIT_MS_MAX = 15 * 60_000;

export class HungDevice {
  #hashes = -1;
  #moved_at_ms: number | null = null;
  #in_a_row = 0;

  /** True when mining should be restarted. `searching`: it has work and nobody holds it. */
  look({ hashes, searching }: { hashes: number; searching: boolean }, now_ms: number): boolean {
    if (hashes !== this.#hashes) {
      if (this.#hashes >= 0 && hashes > this.#hashes) this.#in_a_row = 0;
      this.#hashes = hashes;
      this.#moved_at_ms = now_ms;
      return false;
    }
    if (!searching || this.#moved_at_ms === null) {
      this.#moved_at_ms = now_ms;
      return false;
    }
    const patience_ms = Math.min(WAIT_MS_MAX, HUNG_AFTER_MS * 2 ** Math.min(this.#in_a_row, 10));
    if (now_ms - this.#moved_at_ms < patience_ms) return false;
    this.#in_a_row += 1;
    this.#moved_at_ms = now_ms;
    return true;
  }
}
