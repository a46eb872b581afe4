/**
 * The control plane's clock as far as this rig knows it: deadlines are given in it. A rig whose clock is right is left alone; one that is
 * minutes or hours off takes the difference that it was shown at the last connection. What a rig reports bears its own time: the
 * control plane was shown that clock too, and puts it right.
 */
const IGNORED_MS = 2_000;
/** More than this is logged: certificates and log lines go by the rig's own clock. */
export const CLOCK_TOLD_MS = 60_000;

export class HubClock {
  readonly #own_ms: () => number;
  /** What to add to the own clock. */
  #offset_ms = 0;

  constructor(own_ms: () => number) {
    this.#own_ms = own_ms;
  }

  now(): number {
    return Math.round(this.#own_ms() + this.#offset_ms);
  }

  /** Returns by how much the own clock is ahead. */
  measured(hub_ms: number): number {
    const ahead_ms = this.#own_ms() - hub_ms;
    this.#offset_ms = Math.abs(ahead_ms) < IGNORED_MS ? 0 : -ahead_ms;
    return ahead_ms;
  }
}
