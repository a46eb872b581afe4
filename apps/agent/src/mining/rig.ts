/**
 * The rig's one miner under everybody's will: what is to be mined (settings or flight sheet), who holds it (a command, the desired
 * state, a watchdog) and how far it is throttled. It mines when nobody holds it.
 */
import type { UpstreamPool } from "@otedama/shared/agent";
import { Mining, type MiningDependencies, type MiningFigures, type MiningOptions } from "./mining.ts";
import { Tally } from "./tally.ts";

export interface MiningPlan {
  pools: readonly UpstreamPool[];
  threads: number;
  nice: number;
  intensity_percent: number;
}

export const HOLDERS = ["command", "desired", "temperature", "crash_loop"] as const;
export type Holder = (typeof HOLDERS)[number];

export type RigOptions = Pick<MiningOptions, "user_agent" | "timing" | "return_probe_ms" | "first_job_timeout_ms"> & {
  plan: MiningPlan;
};

export type RigDependencies = Pick<MiningDependencies, "random" | "observers">;

export class Rig {
  readonly #options: RigOptions;
  readonly #dependencies: RigDependencies;
  readonly #tally = new Tally();
  readonly #holds = new Map<Holder, string>();
  #plan: MiningPlan;
  #throttle = 1;
  #mining: Mining;
  #started = false;
  #set_up_at_ms = performance.now();

  constructor(options: RigOptions, dependencies: RigDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#plan = options.plan;
    this.#mining = this.#make();
  }

  get plan(): MiningPlan {
    return this.#plan;
  }

  /** 1 … 100, with the throttle in it. */
  get intensity_percent(): number {
    return Math.max(1, Math.round(this.#plan.intensity_percent * this.#throttle));
  }

  /** Why it does not mine, of those who hold it; null when it may. */
  get held(): { holder: Holder; reason: string } | null {
    const holder = HOLDERS.find((candidate) => this.#holds.has(candidate));
    return holder === undefined ? null : { holder, reason: this.#holds.get(holder) ?? "" };
  }

  heldBy(holder: Holder): string | null {
    return this.#holds.get(holder) ?? null;
  }

  /** Monotonic time of the last set-up. */
  get set_up_at_ms(): number {
    return this.#set_up_at_ms;
  }

  figures(): MiningFigures {
    return this.#mining.figures();
  }

  start(): void {
    this.#started = true;
    this.#follow();
  }

  stop(): void {
    this.#started = false;
    this.#mining.stop();
  }

  /** Sets the miner up anew where the plan asks for another one. */
  apply(plan: MiningPlan): void {
    const before = this.#plan;
    this.#plan = plan;
    if (JSON.stringify({ ...before, intensity_percent: 0 }) === JSON.stringify({ ...plan, intensity_percent: 0 })) {
      this.#mining.setIntensity(this.intensity_percent);
    } else this.restart();
  }

  /** New threads and a new connection, by the same plan. */
  restart(): void {
    this.#mining.stop();
    this.#mining = this.#make();
    this.#follow();
  }

  hold(holder: Holder, reason: string): void {
    this.#holds.set(holder, reason);
    this.#follow();
  }

  release(holder: Holder): void {
    if (this.#holds.delete(holder)) this.#follow();
  }

  /** 0 … 1 of what the plan asks. */
  throttle(factor: number): void {
    this.#throttle = factor;
    this.#mining.setIntensity(this.intensity_percent);
  }

  #make(): Mining {
    const { user_agent, timing, return_probe_ms, first_job_timeout_ms } = this.#options;
    const { pools, threads, nice } = this.#plan;
    this.#set_up_at_ms = performance.now();
    const mining = new Mining(
      { pools, threads, nice, user_agent, timing, return_probe_ms, first_job_timeout_ms },
      { ...this.#dependencies, tally: this.#tally },
    );
    mining.setIntensity(this.intensity_percent);
    return mining;
  }

  #follow(): void {
    if (!this.#started) return;
    const { held } = this;
    if (held) this.#mining.pause(held.reason);
    else this.#mining.start();
  }
}
