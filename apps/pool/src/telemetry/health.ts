/** How the parts the pool depends on are doing, as a person would want it said. */
import type { PartHealth } from "@otedama/shared";

export class Health {
  readonly #now_ms: () => number;
  readonly #onChange: (now: PartHealth, before: PartHealth) => void;
  #current: PartHealth;

  constructor(options: { now_ms: () => number; initial: string }, onChange: (now: PartHealth, before: PartHealth) => void) {
    this.#now_ms = options.now_ms;
    this.#onChange = onChange;
    this.#current = { state: "down", since_ms: options.now_ms(), message: options.initial };
  }

  get current(): PartHealth {
    return this.#current;
  }

  /** `since_ms` moves only with the state. */
  set(state: PartHealth["state"], message: string | null): void {
    const before = this.#current;
    if (before.state === state && before.message === message) return;
    const since_ms = before.state === state ? before.since_ms : this.#now_ms();
    this.#current = { state, since_ms, message: message?.slice(0, 500) ?? null };
    if (before.state !== state) this.#onChange(this.#current, before);
  }
}
