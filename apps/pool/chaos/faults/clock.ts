/** A process's wall clock, set forward and back while it runs; nobody else's is touched. */
import { execFile } from "node:child_process";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const SOURCE = join(import.meta.dirname, "clock_shift.cc");
const run = promisify(execFile);

/** Builds what is preloaded; throws a sentence where no compiler is. Some tenths of a second. */
export async function buildClock(dir: string): Promise<string> {
  const library = join(dir, "clock_shift.so");
  const compilers = process.env.CXX ? [process.env.CXX] : ["g++", "c++", "clang++"];
  let why = "";
  for (const compiler of compilers) {
    try {
      await run(compiler, ["-std=c++20", "-O1", "-shared", "-fPIC", "-o", library, SOURCE]);
      return library;
    } catch (error) {
      why ||= (error as Error).message.slice(0, 300);
    }
  }
  throw new Error(`the clock cannot be shifted: ${why}`);
}

export class ShiftedClock {
  readonly #fd: number;
  readonly env: NodeJS.ProcessEnv;
  shift_ms = 0;

  constructor(options: { library: string; file: string }) {
    writeFileSync(options.file, Buffer.alloc(8));
    this.#fd = openSync(options.file, "r+");
    this.env = { LD_PRELOAD: options.library, OTEDAMA_CLOCK_SHIFT: options.file };
  }

  set(shift_ms: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(shift_ms) * 1_000_000n);
    writeSync(this.#fd, bytes, 0, 8, 0);
    this.shift_ms = shift_ms;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
