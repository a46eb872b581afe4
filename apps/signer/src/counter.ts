/**
 * What was signed, a line each, on disk before the signature leaves: the daily limit holds through a crash. Signing the same transaction
 * again, or one that spends at least the same inputs (a fee bump, so that only one of them can be mined), counts only what it pays more.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Line = z.strictObject({
  at_ms: z.number(),
  unsigned_txid: z.string(),
  outpoints: z.array(z.string()),
  pays_sats: z.string().regex(/^\d+$/),
  charged_sats: z.string().regex(/^\d+$/),
});

interface Signed {
  at_ms: number;
  outpoints: string[];
  pays_sats: bigint;
  charged_sats: bigint;
}

const DAY_MS = 86_400_000;

export interface Charge {
  unsigned_txid: string;
  outpoints: string[];
  pays_sats: bigint;
}

export class DayCounter {
  readonly #file: string;
  readonly #now_ms: () => number;
  readonly #signed: Signed[] = [];

  /** Throws an Error that names the file and line when the counter is damaged: without it no limit would hold. */
  constructor(options: { dir: string }, dependencies: { now_ms: () => number }) {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    this.#file = join(options.dir, "signed.jsonl");
    this.#now_ms = dependencies.now_ms;
    this.#load();
  }

  /** What this would add to the day, and what the day holds already. */
  weigh(charge: Charge): { added_sats: bigint; day_sats: bigint } {
    const inputs = new Set(charge.outpoints);
    let most = 0n;
    for (const signed of this.#signed) {
      // Once this one is mined the other cannot be.
      const replaced = signed.outpoints.every((outpoint) => inputs.has(outpoint));
      if (replaced && signed.pays_sats > most) most = signed.pays_sats;
    }
    const from_ms = this.#clock() - DAY_MS;
    const day_sats = this.#signed
      .filter((signed) => signed.at_ms > from_ms)
      .reduce((sum, signed) => sum + signed.charged_sats, 0n);
    return { added_sats: charge.pays_sats > most ? charge.pays_sats - most : 0n, day_sats };
  }

  /** Returns when the line is on disk. */
  record(charge: Charge): void {
    const { added_sats } = this.weigh(charge);
    const at_ms = this.#clock();
    const line = { at_ms, ...charge, pays_sats: String(charge.pays_sats), charged_sats: String(added_sats) };
    const handle = openSync(this.#file, "a", 0o600);
    try {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      const { size } = fstatSync(handle);
      if (writeSync(handle, bytes) < bytes.length) {
        // Nothing was signed for the half of a line, and the next one must not be joined to it.
        ftruncateSync(handle, size);
        throw new Error(`${this.#file} cannot be written: the disk is full. Nothing was signed.`);
      }
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    this.#signed.push({ at_ms, outpoints: charge.outpoints, pays_sats: charge.pays_sats, charged_sats: added_sats });
  }

  /** A clock that was set back does not make yesterday's signatures older than they are. */
  #clock(): number {
    return this.#signed.reduce((latest, signed) => Math.max(latest, signed.at_ms), this.#now_ms());
  }

  #load(): void {
    if (!existsSync(this.#file)) return;
    const text = readFileSync(this.#file, "utf8");
    // A line that was cut by a crash never led to a signature that left.
    const whole = text.lastIndexOf("\n") + 1;
    if (whole < text.length) truncateSync(this.#file, Buffer.byteLength(text.slice(0, whole)));
    for (const [index, line] of text.slice(0, whole).split("\n").entries()) {
      if (line === "") continue;
      let parsed: z.infer<typeof Line>;
      try {
        parsed = Line.parse(JSON.parse(line));
      } catch {
        throw new Error(`${this.#file} line ${index + 1} is damaged: put the file back from a backup before anything is signed.`);
      }
      const { at_ms, outpoints, pays_sats, charged_sats } = parsed;
      this.#signed.push({ at_ms, outpoints, pays_sats: BigInt(pays_sats), charged_sats: BigInt(charged_sats) });
    }
  }
}
