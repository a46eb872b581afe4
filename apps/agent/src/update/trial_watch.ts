/**
 * A new version on trial looks at itself: it must be connected to its control plane, and mining if the version before it was, for a
 * while without a break. Otherwise it puts the version before it back and ends. What it cannot notice, because it does not even run, is
 * noticed by deploy/agent/launch.
 */
import { type InstallDisk, REAL_INSTALL_DISK } from "./disk.ts";
import { prune } from "./install.ts";
import type { Layout } from "./layout.ts";
import { confirmTrial, rollBack, type Trial } from "./trial.ts";

export interface Health {
  connected: boolean;
  mining: boolean;
  /** Mining is what this rig should do now: it is neither paused nor without work to do. */
  should_mine: boolean;
  /** What is amiss, in words. */
  text: string;
}

export interface TrialTiming {
  /** From the start on. Shorter than launch's own limit of 600 s. */
  within_ms: number;
  hold_ms: number;
  interval_ms: number;
}

export const TRIAL_TIMING: TrialTiming = { within_ms: 300_000, hold_ms: 10_000, interval_ms: 1_000 };

export interface TrialDependencies {
  health: () => Health;
  /** Monotonic. */
  now_ms: () => number;
  /** Ends the process; the version before is what is started again. */
  restart: () => void;
  disk?: InstallDisk;
}

export type TrialEnd = { kept: true; after_ms: number } | { kept: false; why: string };

export const passes = ({ connected, mining, should_mine }: Health, { mining_before }: Pick<Trial, "mining_before">): boolean =>
  connected && (mining || !mining_before || !should_mine);

export function watchTrial(
  layout: Layout,
  trial: Trial,
  timing: TrialTiming,
  dependencies: TrialDependencies,
): { ended: Promise<TrialEnd>; stop(): void } {
  const { health, now_ms, restart, disk = REAL_INSTALL_DISK } = dependencies;
  const began_ms = now_ms();
  let healthy_since_ms: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<TrialEnd>((resolve) => {
    timer = setInterval(() => {
      const now = now_ms();
      const seen = health();
      healthy_since_ms = passes(seen, trial) ? (healthy_since_ms ?? now) : null;
      if (healthy_since_ms !== null && now - healthy_since_ms >= timing.hold_ms) {
        clearInterval(timer);
        confirmTrial(layout, disk);
        prune(layout, [trial.candidate, trial.previous]);
        resolve({ kept: true, after_ms: Math.round(now - began_ms) });
      } else if (healthy_since_ms === null && now - began_ms >= timing.within_ms) {
        clearInterval(timer);
        const why = `it was not ${seen.connected ? "mining" : "connected"} within ${Math.round(timing.within_ms / 1000)} s: ${seen.text}`;
        rollBack(layout, trial, why, disk);
        resolve({ kept: false, why });
        restart();
      }
    }, timing.interval_ms);
  });
  return { ended, stop: () => clearInterval(timer) };
}
