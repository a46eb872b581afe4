/** A pause by command, kept in `data_dir/pause.json` until `resume` or its end: it outlasts restarts. */
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writeAtomically } from "../files/atomic_file.ts";
import type { Rig } from "../mining/rig.ts";

const Pause = z.strictObject({
  /** Of the command: a later one is not undone by an earlier. */
  number: z.int().min(1),
  reason: z.string().max(200),
  /** By the control plane's clock; null lasts until `resume`. */
  until_ms: z.int().min(0).nullable(),
});
type Pause = z.infer<typeof Pause>;

/** What the file says once the last command was `resume`. */
const Resumed = z.strictObject({ number: z.int().min(1), resumed: z.literal(true) });

export class PauseHold {
  readonly #path: string;
  readonly #rig: Pick<Rig, "hold" | "release">;
  readonly #now_ms: () => number;
  #state: Pause | z.infer<typeof Resumed> | null;

  constructor(options: { data_dir: string }, dependencies: { rig: Pick<Rig, "hold" | "release">; now_ms: () => number }) {
    this.#path = join(options.data_dir, "pause.json");
    this.#rig = dependencies.rig;
    this.#now_ms = dependencies.now_ms;
    this.#state = read(this.#path);
    this.#follow();
  }

  /** The number of the command that was carried out last; 0 for none. */
  get number(): number {
    return this.#state?.number ?? 0;
  }

  get paused(): Pause | null {
    return this.#state && "reason" in this.#state ? this.#state : null;
  }

  pause(pause: Pause): void {
    this.#keep(pause);
  }

  resume(number: number): void {
    this.#keep({ number, resumed: true });
  }

  /** Ends a pause whose time is over. */
  tick(): void {
    const until_ms = this.paused?.until_ms;
    if (until_ms != null && until_ms <= this.#now_ms()) this.resume(this.number);
  }

  #keep(state: Pause | z.infer<typeof Resumed>): void {
    writeAtomically(this.#path, `${JSON.stringify(state)}\n`);
    this.#state = state;
    this.#follow();
  }

  #follow(): void {
    const { paused } = this;
    if (paused) this.#rig.hold("command", paused.reason ? `paused: ${paused.reason}` : "paused by command");
    else this.#rig.release("command");
  }
}

/** A file that cannot be understood pauses nothing: a rig that stands still for no reason that anybody can read earns nothing. */
function read(path: string): Pause | z.infer<typeof Resumed> | null {
  try {
    const value: unknown = JSON.parse(readIfThere(path)?.toString() ?? "null");
    return Pause.safeParse(value).data ?? Resumed.safeParse(value).data ?? null;
  } catch {
    return null;
  }
}
