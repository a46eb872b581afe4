/**
 * Job numbers that rise over restarts. Numbers are reserved on disk a thousand at a time, ahead of need, so that taking one
 * for a new tip never waits for a disk; what a killed process had reserved is skipped.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const STEP = 1000;

export class JobNumbers {
  readonly #path: string;
  #next: number;
  #reserved: number;

  /** Throws when the folder cannot be written or the file holds something else than a number. */
  constructor(options: { dir: string }) {
    this.#path = join(options.dir, "job_number");
    this.#next = read(this.#path);
    this.#reserved = this.#next;
    this.#reserve();
  }

  take(): number {
    if (this.#next >= this.#reserved) this.#reserve();
    const number = this.#next++;
    if (number > 0xffffffff) throw new Error("job numbers are used up");
    return number;
  }

  /** Keeps the next reservation off the path of a new tip; call it when there is time. */
  refill(): void {
    if (this.#reserved - this.#next >= STEP / 2) return;
    try {
      this.#reserve();
    } catch {
      // The disk may be full for a while, and there are numbers left; `take` throws when there are none.
    }
  }

  #reserve(): void {
    const until = this.#next + STEP;
    const temporary = `${this.#path}.new`;
    const fd = openSync(temporary, "w", 0o600);
    try {
      writeFileSync(fd, `${until}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, this.#path);
    this.#reserved = until;
  }
}

function read(path: string): number {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 1;
    throw error;
  }
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${path} holds no job number: remove it only together with the share log`);
  return Number(text);
}
