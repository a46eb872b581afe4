/** Appends lines to a file of lines. A disk that is full may take a part of one: that line is torn, and the next one begins anew. */
import { writeSync } from "node:fs";

export class LineWriter {
  readonly #fd: number;
  #torn = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Throws unless the whole line was taken. */
  write(line: string): void {
    const bytes = Buffer.from(`${this.#torn ? "\n" : ""}${line}\n`);
    this.#torn = true;
    if (writeSync(this.#fd, bytes) < bytes.length) throw new Error("the disk is full: it took a part of a line");
    this.#torn = false;
  }
}
