/** The last lines of the agent's log, in memory, for `read_log`. Bounded in lines and bytes; what must not be seen is struck out. */
export interface LogRingOptions {
  lines_max: number;
  line_chars_max: number;
}

const SECRET_CHARS_MIN = 6;

export class LogRing {
  readonly #options: LogRingOptions;
  readonly #secrets: string[];
  readonly #lines: string[] = [];

  /** None of the secrets is ever logged on purpose; this is the second lock. Short ones ("x") are no secrets. */
  constructor(options: LogRingOptions, secrets: readonly (string | undefined)[]) {
    this.#options = options;
    this.#secrets = secrets.filter((secret) => secret !== undefined).filter((secret) => secret.length >= SECRET_CHARS_MIN);
  }

  write(line: string): void {
    let clean = line.trimEnd();
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, "…");
    this.#lines.push(clean.slice(0, this.#options.line_chars_max));
    if (this.#lines.length > this.#options.lines_max) this.#lines.shift();
  }

  /** Oldest first; fewer than asked when more would exceed `bytes_max`. */
  last(count: number, bytes_max: number): string[] {
    const found: string[] = [];
    let bytes = 0;
    for (const line of this.#lines.slice(-count).reverse()) {
      bytes += Buffer.byteLength(line);
      if (bytes > bytes_max) break;
      found.unshift(line);
    }
    return found;
  }
}
