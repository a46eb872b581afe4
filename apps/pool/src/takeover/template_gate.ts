/**
 * Holds templates back while jobs are handed over: the newer process must know every job that a miner may answer. Of those that come
 * meanwhile the newest goes on, once the gate is open again.
 */
export class TemplateGate {
  #held = false;
  #waiting: (() => void) | null = null;

  pass(go: () => void): void {
    if (this.#held) this.#waiting = go;
    else go();
  }

  hold(): void {
    this.#held = true;
  }

  /** Throws what the template that waited throws. */
  open(): void {
    const go = this.#waiting;
    this.#held = false;
    this.#waiting = null;
    go?.();
  }
}
