/** Waiting that ends at once when the waiter is stopped. */
export class Pauses {
  readonly #stop = new AbortController();
  readonly #wakes = new Set<() => void>();

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(): void {
    this.#stop.abort();
    this.wake();
  }

  /** Whoever waits goes on now. */
  wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }

  /** Runs when it is stopped, until the answer is called. */
  onStop(run: () => void): () => void {
    if (this.stopped) run();
    this.#stop.signal.addEventListener("abort", run);
    return () => this.#stop.signal.removeEventListener("abort", run);
  }

  wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.stopped) return Promise.resolve();
    const done = () => {
      clearTimeout(timer);
      this.#wakes.delete(done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    this.#wakes.add(done);
    return promise;
  }
}
