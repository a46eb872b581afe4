/**
 * Hashes without shares. Shares come as a Poisson process: with `expected` of them due, none comes with a chance of e^-expected. Below
 * one in a million the miner, or its pool, is at fault and not its luck. Pure.
 */
export const EXPECTED_MAX = Math.log(1e6);
const HASHES_PER_DIFFICULTY = 2 ** 32;

export class NoShares {
  #expected = 0;
  #hashes: number | null = null;
  #accepted = 0;

  /** How many shares were due when none came, once that is beyond chance; then it begins anew. Null while it is not. */
  look({ hashes, accepted, difficulty }: { hashes: number; accepted: number; difficulty: number | null }): number | null {
    const done = this.#hashes === null ? 0 : Math.max(0, hashes - this.#hashes);
    this.#hashes = hashes;
    if (accepted !== this.#accepted) {
      this.#accepted = accepted;
      this.#expected = 0;
      return null;
    }
    if (difficulty !== null && difficulty > 0) this.#expected += done / (difficulty * HASHES_PER_DIFFICULTY);
    if (this.#expected < EXPECTED_MAX) return null;
    const expected = this.#expected;
    this.#expected = 0;
    return expected;
  }
}
