/** The process's end: once, in order, and in time whatever hangs. */
const STOP_DEADLINE_MS = 1_500;

export class Lifecycle {
  readonly #steps: ((reason: string) => unknown)[] = [];
  readonly #exit: (code: number) => void;
  #stopping = false;

  constructor(dependencies: { exit: (code: number) => void }) {
    this.#exit = dependencies.exit;
  }

  /** Run in the order given. */
  onStop(step: (reason: string) => unknown): void {
    this.#steps.push(step);
  }

  listen(): void {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => this.stop(signal));
    // Whoever started us with a channel takes us along when it goes.
    process.on("disconnect", () => this.stop("parent gone"));
  }

  stop(reason: string): void {
    if (this.#stopping) return;
    this.#stopping = true;
    setTimeout(() => this.#exit(0), STOP_DEADLINE_MS).unref();
    void this.#run(reason);
  }

  async #run(reason: string): Promise<void> {
    for (const step of this.#steps) {
      try {
        await step(reason);
      } catch (error) {
        console.error(error);
      }
    }
    this.#exit(0);
  }
}
