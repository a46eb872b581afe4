/** Longest line a peer may send. Jobs of today's blocks take about 2 KiB. */
export const LINE_BYTES_MAX = 64 * 1024;

export class LineTooLongError extends Error {
  constructor(bytes_max: number) {
    super(`a line is longer than ${bytes_max} bytes`);
  }
}

/**
 * Cuts a byte stream into lines at "\n" (a "\r" before it goes too); empty lines are skipped. Holds at most one unfinished line of
 * `bytes_max`, and throws LineTooLongError for a longer one, finished or not.
 */
export class LineSplitter {
  readonly #bytes_max: number;
  #held: Buffer[] = [];
  #held_bytes = 0;

  constructor(bytes_max = LINE_BYTES_MAX) {
    this.#bytes_max = bytes_max;
  }

  *feed(chunk: Buffer): Generator<string> {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#hold(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const line = Buffer.concat(this.#held).toString("utf8").trim();
      this.#held = [];
      this.#held_bytes = 0;
      if (line !== "") yield line;
    }
    // Copied, so that a few held bytes do not keep a whole read buffer alive.
    if (rest.length > 0) this.#hold(Buffer.from(rest));
  }

  #hold(piece: Buffer): void {
    this.#held_bytes += piece.length;
    if (this.#held_bytes > this.#bytes_max) throw new LineTooLongError(this.#bytes_max);
    this.#held.push(piece);
  }
}
