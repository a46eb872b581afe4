/** What a desired state means for this rig's miner. Pure. */
import type { AgentSettings, DesiredState } from "@otedama/shared/agent";
import type { MiningPlan } from "../mining/rig.ts";

export interface RigPlan {
  mining: MiningPlan;
  /** Why it should not mine; null when it should. */
  hold: string | null;
  power_limit_watts: number | null;
  temperature: TemperatureLimits;
}

export interface TemperatureLimits {
  throttle_c: number;
  stop_c: number;
}

/** Without a sheet: where processors of our day begin to slow down by themselves, and what they do not reach in health. */
export const TEMPERATURE_DEFAULTS: TemperatureLimits = { throttle_c: 95, stop_c: 105 };

export type OwnPlan = Pick<AgentSettings, "pools" | "threads" | "nice">;

export function planOf(own: OwnPlan, state: DesiredState | null): RigPlan {
  const hold = state?.paused ? `paused by the control plane: ${state.paused.reason}` : null;
  const sheet = state?.sheet ?? null;
  if (sheet === null) {
    const { pools, threads, nice } = own;
    const mining = { pools, threads, nice, intensity_percent: 100 };
    return { mining, hold, power_limit_watts: null, temperature: TEMPERATURE_DEFAULTS };
  }
  const { content, worker_user } = sheet;
  const { cpu } = content;
  return {
    mining: {
      pools: content.pools.map(({ url, password }) => ({ url, user: worker_user, password })),
      threads: cpu.threads,
      nice: cpu.nice,
      intensity_percent: cpu.intensity_percent,
    },
    hold: hold ?? (cpu.enabled ? null : `the flight sheet ${sheet.name} leaves the processor out`),
    power_limit_watts: cpu.power_limit_watts,
    temperature: content.temperature,
  };
}
