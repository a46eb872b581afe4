/** One line a step, with its time, for a person who waits. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #now_ms: () => number;

  constructor(dependencies: { write: (text: string) => void; now_ms: () => number }) {
    this.#write = dependencies.write;
    this.#now_ms = dependencies.now_ms;
  }

  /** Runs one step; `work` answers what to say about it. */
  async step(name: string, work: () => Promise<string>): Promise<void> {
    const began = this.#now_ms();
    const said = await work();
    this.#write(`${progressLine(name, said, this.#now_ms() - began)}\n`);
  }

  line(text: string): void {
    this.#write(`${text}\n`);
  }
}

export function progressLine(name: string, said: string, took_ms: number): string {
  return `  ${name.padEnd(12)} ${said.padEnd(56)} ${(took_ms / 1000).toFixed(1).padStart(6)} s`;
}
