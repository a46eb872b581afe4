/**
 * The newest desired state and the last one that was proved, each as the control plane signed it: `data_dir/desired.json` and
 * `data_dir/proved.json`. What lies there is verified again when it is read.
 */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { DesiredState, type SignedMessage } from "@otedama/shared/agent";
import { openSigned } from "../channel/signed.ts";
import { readIfThere, writeAtomically } from "../files/atomic_file.ts";

export interface KeptState {
  state: DesiredState;
  message: SignedMessage;
}

export class DesiredStore {
  readonly #newest_path: string;
  readonly #proved_path: string;
  #newest: KeptState | null;
  #proved: KeptState | null;

  constructor(
    options: { data_dir: string; agent_id: string; key: KeyObject },
    dependencies: { onTrouble: (text: string) => void },
  ) {
    const { data_dir, agent_id, key } = options;
    this.#newest_path = join(data_dir, "desired.json");
    this.#proved_path = join(data_dir, "proved.json");
    const read = (path: string): KeptState | null => {
      const bytes = readIfThere(path);
      if (bytes === null) return null;
      const opened = openSigned<DesiredState>(json(bytes), { kind: "desired", schema: DesiredState, agent_id, key });
      if (opened.ok) return { state: opened.value, message: opened.message };
      dependencies.onTrouble(`${path} is not heeded: ${opened.refusal.message}`);
      return null;
    };
    this.#newest = read(this.#newest_path);
    this.#proved = read(this.#proved_path);
    // A damaged file must not let an older order in again.
    if (this.#newest === null || this.#newest.state.revision < this.revision) this.#newest = this.#proved;
  }

  get newest(): DesiredState | null {
    return this.#newest?.state ?? null;
  }

  get proved(): DesiredState | null {
    return this.#proved?.state ?? null;
  }

  /** The highest revision that this agent has; 0 for none. */
  get revision(): number {
    return Math.max(this.#newest?.state.revision ?? 0, this.#proved?.state.revision ?? 0);
  }

  /** Throws when the disk does not take it. */
  keepNewest(state: DesiredState, message: SignedMessage): void {
    writeAtomically(this.#newest_path, `${JSON.stringify(message)}\n`);
    this.#newest = { state, message };
  }

  /** The newest is proved. */
  keepProved(): void {
    if (this.#newest === null || this.#newest.state.revision === this.#proved?.state.revision) return;
    writeAtomically(this.#proved_path, `${JSON.stringify(this.#newest.message)}\n`);
    this.#proved = this.#newest;
  }
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}
