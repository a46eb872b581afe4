/**
 * Brings the rig to its desired state and keeps it there: applies it, reads back what the rig does, and says which of the two it is that
 * differs. What was proved once is what the rig goes back to when a newer state does not work and the control plane is away.
 */
import type { DesiredReport, DesiredState, SignedMessage } from "@otedama/shared/agent";
import type { OutboxItem } from "../channel/outbox.ts";
import type { Refusal } from "../channel/signed.ts";
import type { Rig } from "../mining/rig.ts";
import { type Check, checksOf, type Found } from "./checks.ts";
import type { DesiredStore } from "./desired_store.ts";
import { type OwnPlan, planOf, type RigPlan } from "./plan.ts";
import type { PowerLimit } from "./power_limit.ts";
import { converging as begin, judge, type Proof } from "./proof.ts";

export interface ConvergerOptions {
  /** What the rig does while nothing is assigned to it. */
  own: OwnPlan;
  /** While it converges, and once it is proved. */
  look_ms: { converging: number; proved: number };
  /** Between two attempts to put right what differs. */
  repair_wait_ms: number;
  /** So long a newer state may fail, with the control plane away, before the proved one is mined again. */
  fall_back_after_ms: number;
}

export const CONVERGER_TIMING = {
  look_ms: { converging: 1_000, proved: 5_000 },
  repair_wait_ms: 20_000,
  fall_back_after_ms: 180_000,
};

export interface ConvergerDependencies {
  store: DesiredStore;
  rig: Rig;
  power: PowerLimit;
  threadNices: () => number[] | null;
  cores: () => number;
  /** The rig's own clock. */
  now_ms: () => number;
  /** Monotonic. */
  monotonic_ms: () => number;
  hubOpen: () => boolean;
  onReport: () => void;
  onPlan: (plan: RigPlan) => void;
  onEvent: (severity: "info" | "warning" | "error", text: string) => void;
  onTrouble: (text: string) => void;
}

interface Reading {
  at_ms: number;
  hashes: number;
  search_ms: number;
  set_up_at_ms: number;
}

export class Converger {
  readonly #options: ConvergerOptions;
  readonly #dependencies: ConvergerDependencies;
  #plan: RigPlan;
  #proof: Proof;
  #checks: Check[] = [];
  #fallen_back = false;
  #well_before = false;
  #mined_at_ms: number | null = null;
  #repaired_at_ms: number;
  #last: Reading | null = null;
  /** Whether the report below was stored at the control plane. */
  #reported = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ConvergerOptions, dependencies: ConvergerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#plan = planOf(options.own, dependencies.store.newest);
    this.#proof = begin(dependencies.now_ms());
    this.#repaired_at_ms = dependencies.monotonic_ms();
  }

  get plan(): RigPlan {
    return this.#plan;
  }

  start(): void {
    this.#apply(this.#plan);
    this.#lookLater();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** A state that came in, verified. Null: it is on disk, and what follows is reported. */
  take(state: DesiredState, message: SignedMessage): Refusal | null {
    const { store } = this.#dependencies;
    if (state.revision === store.revision && state.revision === store.newest?.revision) return null;
    if (state.revision <= store.revision) {
      return { code: "replayed", message: `Revision ${state.revision} is not above ${store.revision}, which this agent has.` };
    }
    try {
      store.keepNewest(state, message);
    } catch (error) {
      return { code: "disk", message: `It cannot be kept on this rig's disk: ${error instanceof Error ? error.message : error}` };
    }
    this.#fallen_back = false;
    this.#proof = begin(this.#dependencies.now_ms());
    this.#begin(planOf(this.#options.own, state));
    return null;
  }

  /** The control plane is there: it is told where things stand, and the newest state gets its chance again. */
  opened(): void {
    this.#reported = false;
    this.#dependencies.onReport();
    if (!this.#fallen_back) return;
    this.#fallen_back = false;
    this.#begin(planOf(this.#options.own, this.#dependencies.store.newest));
  }

  report(): DesiredReport {
    const { state, since_ms } = this.#proof;
    return { revision: this.#dependencies.store.revision, state, since_ms, message: this.#message(), checks: this.#checks };
  }

  waiting(): OutboxItem | null {
    if (this.#reported) return null;
    const body = this.report();
    const done = () => {
      this.#reported = JSON.stringify(told(body)) === JSON.stringify(told(this.report()));
    };
    return {
      event: "desired",
      body,
      stored: done,
      dropped: (code, message) => {
        this.#dependencies.onTrouble(`the control plane does not want the report of the desired state: ${message} (${code})`);
        this.#reported = true;
      },
    };
  }

  /** Reads back, judges, and puts right what can be put right. */
  look(): void {
    const { store, now_ms, onReport } = this.#dependencies;
    const before = told(this.report());
    const checks = checksOf(this.#plan, this.#found());
    const ok = checks.every((check) => check.ok) && !this.#fallen_back;
    const hopeless = this.#dependencies.power.trouble !== null;
    this.#checks = checks;
    const was = this.#proof.state;
    this.#proof = judge(this.#proof, { ok, hopeless, settled: this.#well_before }, now_ms());
    this.#well_before = ok;
    if (this.#proof.state === "proved") this.#keepProved();
    if (this.#proof.state !== was) this.#tellChange();
    if (!ok) this.#mend(checks);
    if (JSON.stringify(told(this.report())) !== JSON.stringify(before)) {
      this.#reported = false;
      onReport();
    }
    if (store.newest !== null) this.#considerFallingBack();
  }

  #lookLater(): void {
    const { converging, proved } = this.#options.look_ms;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.look();
        this.#lookLater();
      },
      this.#proof.state === "converging" ? converging : proved,
    );
  }

  #begin(plan: RigPlan): void {
    this.#well_before = false;
    this.#mined_at_ms = null;
    this.#checks = [];
    this.#apply(plan);
    this.#lookLater();
    this.#reported = false;
    this.#dependencies.onReport();
  }

  #apply(plan: RigPlan): void {
    const { rig, power, onPlan, monotonic_ms } = this.#dependencies;
    this.#plan = plan;
    this.#repaired_at_ms = monotonic_ms();
    if (plan.hold === null) rig.release("desired");
    else rig.hold("desired", plan.hold);
    rig.apply(plan.mining);
    power.set(plan.power_limit_watts);
    onPlan(plan);
  }

  /** No more often than now and then: what does not help the first time is not made better by haste. */
  #mend(checks: readonly Check[]): void {
    const { rig, power, monotonic_ms } = this.#dependencies;
    if (this.#fallen_back || monotonic_ms() - this.#repaired_at_ms < this.#options.repair_wait_ms) return;
    const wrong = new Set(checks.filter((check) => !check.ok).map(({ name }) => name));
    this.#repaired_at_ms = monotonic_ms();
    if (wrong.has("power_limit")) power.set(this.#plan.power_limit_watts);
    if (wrong.has("threads") || wrong.has("nice")) rig.restart();
    else if (wrong.has("intensity")) rig.apply(this.#plan.mining);
  }

  #considerFallingBack(): void {
    const { store, hubOpen, now_ms, onEvent } = this.#dependencies;
    const { proved, newest } = store;
    const { state, since_ms } = this.#proof;
    if (this.#fallen_back || proved === null || proved.revision === newest?.revision || hubOpen()) return;
    if (state !== "failing" || now_ms() - since_ms < this.#options.fall_back_after_ms) return;
    this.#fallen_back = true;
    const wanted = this.#plan;
    this.#apply(planOf(this.#options.own, proved));
    this.#plan = wanted;
    onEvent(
      "warning",
      `revision ${newest?.revision} does not work and the control plane is away: mining by revision ${proved.revision}`,
    );
  }

  #keepProved(): void {
    try {
      this.#dependencies.store.keepProved();
    } catch (error) {
      this.#dependencies.onTrouble(`the proved state cannot be kept: ${error instanceof Error ? error.message : error}`);
    }
  }

  #tellChange(): void {
    const { state } = this.#proof;
    const severity = state === "failing" ? "error" : state === "drifting" ? "warning" : "info";
    const revision = this.#dependencies.store.revision;
    const what = revision === 0 ? "what the rig's own settings ask" : `revision ${revision}`;
    this.#dependencies.onEvent(severity, `${what} is ${state}: ${this.#message()}`.slice(0, 500));
  }

  #message(): string {
    const wrong = this.#checks.filter((check) => !check.ok);
    const words = wrong.map(({ name, wanted, found }) => `${name} is ${found} instead of ${wanted}`).join("; ");
    const meanwhile = this.#fallen_back ? `; mining by revision ${this.#dependencies.store.proved?.revision} meanwhile` : "";
    if (this.#checks.length === 0) return "it was applied and is about to be read back";
    return `${words || "all that was asked was read back"}${meanwhile}`.slice(0, 500);
  }

  #found(): Found {
    const { rig, power, threadNices, cores, monotonic_ms } = this.#dependencies;
    const { pool, counters, hashes } = rig.figures();
    const now_ms = monotonic_ms();
    const reading: Reading = { at_ms: now_ms, hashes, search_ms: counters.search_ms, set_up_at_ms: rig.set_up_at_ms };
    const last = this.#last;
    this.#last = reading;
    const same = last !== null && last.set_up_at_ms === reading.set_up_at_ms && now_ms > last.at_ms;
    const thread_ms = same ? (now_ms - last.at_ms) * Math.max(1, counters.thread_hashes.length) : 0;
    const moved = last === null ? null : hashes - last.hashes;
    if (pool.state === "mining" && (moved ?? 0) > 0) this.#mined_at_ms = now_ms;
    const { held } = rig;
    return {
      kernel: counters.kernel,
      pool_state: pool.state,
      pool_message: pool.message,
      pool_url: pool.pool?.url ?? null,
      user: pool.pool?.user ?? null,
      thread_nices: threadNices(),
      cores: cores(),
      intensity_percent: rig.intensity_percent,
      searched_percent: same ? (100 * (reading.search_ms - last.search_ms)) / thread_ms : null,
      power_limit_watts: power.watts(),
      power_trouble: power.trouble,
      hashes: moved,
      held: held === null || held.holder === "desired" ? null : { by_watchdog: held.holder !== "command", reason: held.reason },
      quiet_ms: this.#proof.state === "proved" && this.#mined_at_ms !== null ? now_ms - this.#mined_at_ms : null,
    };
  }
}

/** A report without the figures that change at each look: those alone are no news. */
function told({ revision, state, since_ms, checks }: DesiredReport): object {
  const steady = checks.map(({ name, wanted, ok }) => ({ name, wanted, ok }));
  return { revision, state, since_ms, steady };
}
