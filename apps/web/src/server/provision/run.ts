/** One run of the wizard in memory: its rigs, its secret, and what changed since it was last told. */
import type { ProvisionNews, ProvisionPurpose, ProvisionRunDto } from "@otedama/shared";
import type { HeldSecret } from "./held_secret.ts";
import { RigWork } from "./rig_work.ts";
import type { Target } from "./targets.ts";

export interface RunOptions {
  id: number;
  purpose: ProvisionPurpose;
  targets: readonly Target[];
  site: { id: number; name: string } | null;
  user: string;
  parallel: number;
  control_url: string;
  mining: { pool_url: string; user: string } | null;
  opened_by: { id: string; name: string };
  opened_at_ms: number;
}

const NEWS_RIGS_MAX = 100;
const NEWS_LINES_MAX = 500;

export class Run {
  readonly options: RunOptions;
  readonly secret: HeldSecret;
  readonly rigs: readonly RigWork[];
  /** Looking or working goes on: the secret stays as long. */
  busy = 0;
  touched_at_ms: number;
  ended_at_ms: number | null = null;
  cancelled = false;
  readonly #dirty = new Set<RigWork>();
  readonly #told = new Map<RigWork, number>();
  #changed = false;

  constructor(options: RunOptions, dependencies: { secret: HeldSecret; now: () => number; changed: () => void }) {
    this.options = options;
    this.secret = dependencies.secret;
    this.touched_at_ms = options.opened_at_ms;
    const changed = (rig: RigWork) => {
      this.#dirty.add(rig);
      dependencies.changed();
    };
    this.rigs = options.targets.map((target, index) => new RigWork(index, target, { changed, now: dependencies.now }));
  }

  /** Something about the run itself is new. */
  mark(): void {
    this.#changed = true;
  }

  /** What is new since the last call, a bounded part of it; null for nothing. */
  takeNews(): ProvisionNews | null {
    if (this.#dirty.size === 0 && !this.#changed) return null;
    this.#changed = false;
    const rigs = [];
    const lines = [];
    for (const rig of this.#dirty) {
      if (rigs.length >= NEWS_RIGS_MAX || lines.length >= NEWS_LINES_MAX) break;
      this.#dirty.delete(rig);
      rigs.push(rig.toDto());
      const from = this.#told.get(rig) ?? 0;
      for (const line of rig.lines) if (line.number >= from) lines.push({ ...line, rig: rig.index });
      this.#told.set(rig, (rig.lines.at(-1)?.number ?? from - 1) + 1);
    }
    return { id: this.options.id, secret_held: this.secret.held, ended_at_ms: this.ended_at_ms, rigs, lines };
  }

  toDto(forgotten_after_ms: number): ProvisionRunDto {
    const { id, purpose, site, user, parallel, opened_by, opened_at_ms } = this.options;
    return {
      id,
      purpose,
      site: site?.name ?? null,
      user,
      credential: this.secret.kind,
      secret_held: this.secret.held,
      forgotten_at_ms: this.secret.held && this.busy === 0 ? this.touched_at_ms + forgotten_after_ms : null,
      parallel,
      opened_at_ms,
      opened_by: opened_by.name,
      ended_at_ms: this.ended_at_ms,
      rigs: this.rigs.map((rig) => rig.toDto()),
    };
  }
}
