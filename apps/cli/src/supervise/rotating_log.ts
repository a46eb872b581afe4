import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A log file of bounded size: at `bytes_max` it becomes `FILE.1` (and that one `FILE.2`), and a new one begins. */
export class RotatingLog {
  readonly #path: string;
  readonly #bytes_max: number;
  #file: number;
  #bytes: number;

  constructor(path: string, bytes_max = 5 * 1024 * 1024) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#path = path;
    this.#bytes_max = bytes_max;
    this.#file = openSync(path, "a", 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  write(line: string): void {
    const data = Buffer.from(`${line}\n`);
    if (this.#bytes > 0 && this.#bytes + data.length > this.#bytes_max) this.#rotate();
    try {
      this.#bytes += writeSync(this.#file, data);
    } catch {
      // A full disk must not take down the processes that are being watched.
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    closeSync(this.#file);
    if (existsSync(`${this.#path}.1`)) renameSync(`${this.#path}.1`, `${this.#path}.2`);
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = openSync(this.#path, "a", 0o600);
    this.#bytes = 0;
  }
}
