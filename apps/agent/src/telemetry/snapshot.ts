import { freemem, loadavg, totalmem } from "node:os";
import type { AgentTelemetry } from "@otedama/shared/agent";
import type { MiningFigures } from "../mining/mining.ts";
import type { Machine } from "./machine.ts";
import { type CpuPower, cpuTemperatures, hottest } from "./sensors.ts";

export interface SnapshotDependencies {
  machine: Machine;
  power: CpuPower;
  figures: () => MiningFigures;
}

/** Everything that the control plane is told every few seconds. */
export function telemetrySnapshot({ machine, power, figures }: SnapshotDependencies): AgentTelemetry {
  const { pool, difficulty, latency_ms, shares, last_share_at_ms, hashrate_hps, counters } = figures();
  const { s10, s60, m15 } = hashrate_hps;
  const at_ms = Date.now();
  return {
    at_ms,
    uptime_s: process.uptime(),
    load_1m: loadavg()[0] ?? 0,
    memory_total_bytes: totalmem(),
    memory_free_bytes: freemem(),
    pool: {
      url: pool.pool?.url.slice(0, 200) ?? null,
      user: pool.pool?.user ?? "",
      state: pool.state,
      message: pool.message?.slice(0, 500) ?? null,
      difficulty,
      latency_ms,
      shares,
      last_share_at_ms,
    },
    devices: [
      {
        device_id: "cpu0",
        kind: "cpu",
        name: machine.packages > 1 ? `${machine.packages} × ${machine.model}`.slice(0, 200) : machine.model,
        kernel: counters.kernel,
        threads: counters.thread_hashes.length,
        hashrate_hps: { s10, s60, m15 },
        temperature_c: hottest(cpuTemperatures()),
        power_watts: power.watts(performance.now()),
        hardware_errors: counters.hardware_errors,
      },
    ],
  };
}
