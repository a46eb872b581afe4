/**
 * Starts that no clean end came before, in `data_dir/starts.json`: from the fifth within ten minutes on, mining waits before it begins, so
 * that a crash that mining causes does not take the channel with it, through which somebody could mend it.
 */
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writeAtomically } from "../files/atomic_file.ts";

const Starts = z.strictObject({
  /** Unclean ends, by when the process that ended had started; oldest first. */
  starts_ms: z.array(z.number()).max(32),
  /** This process has not ended yet, or not cleanly. */
  running_since_ms: z.number().nullable(),
  /** How often the watchdog has stepped in, ever. */
  count: z.int().min(0),
});
type Starts = z.infer<typeof Starts>;

export const CRASHES_BEFORE_WAIT = 4;
export const CRASH_WINDOW_MS = 10 * 60_000;
const FIRST_WAIT_MS = 15_000;
const WAIT_MS_MAX = 5 * 60_000;

/** How long mining waits after so many crashes within the window. Pure. */
export function crashWait(crashes: number): number {
  if (crashes < CRASHES_BEFORE_WAIT) return 0;
  return Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** Math.min(crashes - CRASHES_BEFORE_WAIT, 10));
}

export class CrashLoop {
  readonly #path: string;
  readonly #onTrouble: (text: string) => void;
  #starts: Starts;
  readonly #wait_ms: number;

  /** Counts this start. A disk that takes nothing does not keep the agent from mining. */
  constructor(options: { data_dir: string; now_ms: number }, dependencies: { onTrouble: (text: string) => void }) {
    this.#path = join(options.data_dir, "starts.json");
    this.#onTrouble = dependencies.onTrouble;
    const { now_ms } = options;
    const kept = read(this.#path);
    const crashed_ms = kept.running_since_ms === null ? [] : [kept.running_since_ms];
    // A clock that was set back would keep old starts for ever.
    const starts_ms = [...kept.starts_ms, ...crashed_ms].filter((at_ms) => at_ms > now_ms - CRASH_WINDOW_MS && at_ms <= now_ms);
    this.#wait_ms = crashWait(starts_ms.length);
    const count = kept.count + (this.#wait_ms > 0 ? 1 : 0);
    this.#starts = { starts_ms: starts_ms.slice(-32), running_since_ms: now_ms, count };
    this.#keep();
  }

  /** Unclean ends within the window. */
  get crashes(): number {
    return this.#starts.starts_ms.length;
  }

  get wait_ms(): number {
    return this.#wait_ms;
  }

  get count(): number {
    return this.#starts.count;
  }

  /** The end is wanted. */
  clean(): void {
    this.#starts = { ...this.#starts, running_since_ms: null };
    this.#keep();
  }

  #keep(): void {
    try {
      writeAtomically(this.#path, `${JSON.stringify(this.#starts)}\n`);
    } catch (error) {
      this.#onTrouble(`${this.#path} cannot be written: ${error instanceof Error ? error.message : error}`);
    }
  }
}

function read(path: string): Starts {
  try {
    return Starts.parse(JSON.parse(readIfThere(path)?.toString() ?? ""));
  } catch {
    return { starts_ms: [], running_since_ms: null, count: 0 };
  }
}
