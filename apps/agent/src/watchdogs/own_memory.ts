/** The agent's own resident memory above its bound, and not for a moment only. Pure. */
const READINGS = 3;

export class OwnMemory {
  readonly #bytes_max: number;
  #above = 0;

  constructor(bytes_max: number) {
    this.#bytes_max = bytes_max;
  }

  /** True once, when so many readings in a row were above. */
  look(resident_bytes: number): boolean {
    this.#above = resident_bytes > this.#bytes_max ? this.#above + 1 : 0;
    return this.#above === READINGS;
  }
}
