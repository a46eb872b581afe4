/**
 * The processor's power limit through Linux's powercap files (RAPL): the long-term constraint of each package, in microwatts. Writable by
 * root, and by whom root lets; where it is not, the limit stays what it was and the sentence says so.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writeAtomically } from "../files/atomic_file.ts";
import { names, number, text } from "../telemetry/sysfs.ts";

const Before = z.strictObject({ limits_uw: z.record(z.string().max(32), z.int().min(1)) });

export class PowerLimit {
  readonly #files: string[];
  readonly #before_path: string;
  /** Why the last change was not taken. */
  #trouble: string | null = null;

  constructor(options: { data_dir: string; sys?: string }) {
    const root = join(options.sys ?? "/sys", "class/powercap");
    this.#before_path = join(options.data_dir, "power_limit_before.json");
    this.#files = names(root)
      .filter((name) => /^intel-rapl:\d+$/.test(name))
      .sort()
      .flatMap((name) => longTerm(join(root, name)));
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  /** Of all packages together; null where it cannot be read. */
  watts(): number | null {
    const limits = this.#files.map(number);
    return limits.length === 0 || limits.includes(null)
      ? null
      : limits.reduce<number>((sum, limit) => sum + (limit ?? 0), 0) / 1e6;
  }

  /** Spreads the limit over the packages. Null puts back what was there before the first change. */
  set(wanted_watts: number | null): void {
    this.#trouble = null;
    if (wanted_watts === null) {
      this.#restore();
      return;
    }
    if (this.#files.length === 0) {
      this.#trouble = "this rig has no power limit that can be set: /sys/class/powercap shows no processor package";
      return;
    }
    const each_uw = Math.round((wanted_watts * 1e6) / this.#files.length);
    this.#remember();
    for (const file of this.#files) this.#write(file, each_uw);
  }

  #write(file: string, limit_uw: number): void {
    try {
      if (number(file) !== limit_uw) writeFileSync(file, String(limit_uw));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.#trouble =
        code === "EACCES" || code === "EPERM" || code === "EROFS"
          ? `the power limit cannot be set: this user may not write ${file}`
          : `the power limit cannot be set: ${error instanceof Error ? error.message : error}`;
    }
  }

  /** What was there before the first change, kept over restarts. */
  #remember(): void {
    if (readIfThere(this.#before_path) !== null) return;
    const limits_uw = Object.fromEntries(
      this.#files.map((file, i) => [String(i), number(file) ?? 0]).filter(([, limit]) => limit !== 0),
    );
    writeAtomically(this.#before_path, JSON.stringify({ limits_uw }));
  }

  #restore(): void {
    const kept = readIfThere(this.#before_path);
    if (kept === null) return;
    const before = Before.safeParse(json(kept.toString()));
    if (!before.success) return;
    for (const [i, file] of this.#files.entries()) {
      const limit_uw = before.data.limits_uw[String(i)];
      if (limit_uw !== undefined) this.#write(file, limit_uw);
    }
    // From here on it is somebody else's again.
    if (this.#trouble === null) rmSync(this.#before_path, { force: true });
  }
}

function longTerm(zone: string): string[] {
  const constraint = names(zone).find((name) => /^constraint_\d+_name$/.test(name) && text(join(zone, name)) === "long_term");
  return constraint === undefined ? [] : [join(zone, constraint.replace("_name", "_power_limit_uw"))];
}

function json(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}
