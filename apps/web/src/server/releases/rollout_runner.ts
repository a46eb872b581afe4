import { isDatabaseAway, settleLateRigs, stepRolloutAfter, updateLateRigs, type WebDatabase } from "@otedama/db/web";
import type { Logger } from "pino";

export interface RolloutRunnerOptions {
  interval_ms: number;
  /** Rigs that missed their channel's roll-out, updated at once when they are back. */
  late_rigs_max: number;
}

export interface RolloutRunnerDependencies {
  sql: WebDatabase["sql"];
  /** Commands were written for these. */
  written: (agent_ids: readonly string[]) => void;
  log: Logger;
  now: () => number;
}

/** Takes every unfinished roll-out a step further at intervals. All state is in the database: it may be killed at any moment. */
export class RolloutRunner {
  readonly #options: RolloutRunnerOptions;
  readonly #dependencies: RolloutRunnerDependencies;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: RolloutRunnerOptions, dependencies: RolloutRunnerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.round().finally(() => {
        if (!this.#stopped) this.start();
      });
    }, this.#options.interval_ms);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
  }

  /** Never throws. */
  async round(): Promise<void> {
    const { sql, written, log, now } = this.#dependencies;
    try {
      let after_id = 0;
      for (
        let step = await stepRolloutAfter(sql, after_id, now());
        step !== null && !this.#stopped;
        step = await stepRolloutAfter(sql, after_id, now())
      ) {
        after_id = step.rollout_id;
        if (step.stopped !== null) log.warn({ rollout: step.rollout_id, reason: step.stopped }, "a roll-out stopped by itself");
        if (step.changed) written(step.agent_ids);
      }
      await settleLateRigs(sql);
      const late = await updateLateRigs(sql, this.#options.late_rigs_max);
      if (late.length > 0) written(late);
    } catch (error) {
      if (!isDatabaseAway(error)) log.error({ err: error }, "roll-outs could not be taken further");
    }
  }
}
