import { freemem, loadavg, totalmem, uptime } from "node:os";
import type { AgentReport, DeviceReport } from "@otedama/shared/agent";
import type { MiningFigures } from "../mining/mining.ts";
import { diskBytes, networkBytes } from "./host.ts";
import type { Machine } from "./machine.ts";
import { type CpuPower, cpuClocks, cpuTemperatures, hottest, machineFans } from "./sensors.ts";

export interface ReportSources {
  machine: Machine;
  data_dir: string;
  started_at_ms: number;
  power: CpuPower;
  /** Of the processor; null where it cannot be read. */
  power_limit_watts: () => number | null;
  figures: () => MiningFigures;
  gpus: () => readonly DeviceReport[];
  reports: () => { waiting: number; dropped: number };
  watchdogs: () => AgentReport["watchdogs"];
}

/** Everything that the control plane is told every few seconds, under that number. */
export function agentReport(sources: ReportSources, number: number, at_ms: number): AgentReport {
  const figures = sources.figures();
  const { pool, difficulty, latency_ms, shares, last_share_at_ms } = figures;
  const { waiting, dropped } = sources.reports();
  const { user, system } = process.cpuUsage();
  return {
    number,
    at_ms,
    started_at_ms: sources.started_at_ms,
    machine_uptime_s: uptime(),
    load_1m: loadavg()[0] ?? 0,
    memory_total_bytes: totalmem(),
    memory_free_bytes: freemem(),
    ...diskBytes(sources.data_dir),
    network: networkBytes(),
    own: {
      resident_bytes: process.memoryUsage.rss(),
      cpu_ms: Math.round((user + system) / 1000),
      reports_waiting: waiting,
      reports_dropped: dropped,
    },
    watchdogs: sources.watchdogs(),
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
    devices: [processor(sources, figures), ...sources.gpus()],
  };
}

/** All packages as one device: one miner runs on them. */
function processor({ machine, power, power_limit_watts }: ReportSources, figures: MiningFigures): DeviceReport {
  const { shares, counters, hashrate_hps, hardware_errors } = figures;
  const temperatures = cpuTemperatures();
  return {
    device_id: "cpu0",
    kind: "cpu",
    name: machine.packages > 1 ? `${machine.packages} × ${machine.model}`.slice(0, 200) : machine.model,
    kernel: counters.kernel,
    threads: counters.thread_hashes.length,
    hashrate_hps,
    shares: {
      accepted: shares.accepted,
      rejected: shares.duplicate + shares.low_difficulty + shares.unauthorized + shares.invalid,
      stale: shares.stale,
    },
    hardware_errors,
    temperature_c: hottest(temperatures),
    temperatures,
    fans: machineFans(),
    power_watts: power.watts(performance.now()),
    power_limit_watts: power_limit_watts(),
    clocks: cpuClocks(),
    memory: null,
  };
}
