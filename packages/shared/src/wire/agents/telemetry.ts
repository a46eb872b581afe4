/** What a rig measures, and what happens on it. */
import { z } from "zod";
import { Count, Hashrate, ShareCounts, UnixMs } from "../common.ts";
import { Text } from "./hello.ts";

const Temperature = z.number().min(-100).max(300);
const Name = z.string().max(32);

export const DeviceReport = z.strictObject({
  /** Stable on this rig: `cpu0` is the first processor package. */
  device_id: z.string().regex(/^[a-z]+[0-9]{1,4}$/),
  kind: z.enum(["cpu", "gpu", "asic"]),
  name: Text,
  /** The kernel that runs on it: `sha256d/avx512`; null when it does not mine. */
  kernel: Text.nullable(),
  threads: z.int().min(0).max(8192),
  hashrate_hps: z.strictObject({ s1: Hashrate, s10: Hashrate, s60: Hashrate, m15: Hashrate }),
  shares: z.strictObject({ accepted: Count, rejected: Count, stale: Count }),
  hardware_errors: Count,
  /** The hottest reading; `temperatures` has each sensor. */
  temperature_c: Temperature.nullable(),
  temperatures: z.array(z.strictObject({ sensor: Name, temperature_c: Temperature })).max(32),
  fans: z
    .array(
      z.strictObject({
        fan: Name,
        rpm: z.number().min(0).max(50_000).nullable(),
        percent: z.number().min(0).max(100).nullable(),
      }),
    )
    .max(16),
  power_watts: z.number().min(0).max(1e6).nullable(),
  power_limit_watts: z.number().min(0).max(1e6).nullable(),
  clocks: z.array(z.strictObject({ clock: Name, mhz: z.number().min(0).max(100_000) })).max(8),
  memory: z.strictObject({ total_bytes: Count, used_bytes: Count }).nullable(),
});
export type DeviceReport = z.infer<typeof DeviceReport>;

export const WATCHDOGS = ["hung_device", "no_shares", "over_temperature", "crash_loop", "own_memory"] as const;

export const AgentReport = z.strictObject({
  /** Grows by one with each report of this agent, over restarts too: a gap is a lost report. */
  number: z.int().min(1),
  at_ms: UnixMs,
  started_at_ms: UnixMs,
  machine_uptime_s: z.number().min(0),
  load_1m: z.number().min(0),
  memory_total_bytes: Count,
  memory_free_bytes: Count,
  /** Of the file system that holds the data folder. */
  disk_total_bytes: Count,
  disk_free_bytes: Count,
  /** Of all interfaces but loopback, since the machine started. */
  network: z.strictObject({ received_bytes: Count, sent_bytes: Count }).nullable(),
  own: z.strictObject({ resident_bytes: Count, cpu_ms: Count, reports_waiting: Count, reports_dropped: Count }),
  watchdogs: z.record(z.enum(WATCHDOGS), Count),
  pool: z.strictObject({
    url: Text.nullable(),
    user: z.string().max(256),
    state: z.enum(["mining", "connecting", "waiting", "stopped"]),
    /** Why it is not mining, in words. */
    message: z.string().max(500).nullable(),
    difficulty: z.number().min(0).nullable(),
    latency_ms: z.number().min(0).nullable(),
    shares: ShareCounts,
    last_share_at_ms: UnixMs.nullable(),
  }),
  devices: z.array(DeviceReport).max(64),
});
export type AgentReport = z.infer<typeof AgentReport>;

/** Reports that were kept on disk while the hub was away, oldest first. */
export const AgentBacklog = z.strictObject({ reports: z.array(AgentReport).min(1).max(60) });
export type AgentBacklog = z.infer<typeof AgentBacklog>;

export const AgentEvents = z.strictObject({
  events: z
    .array(
      z.strictObject({
        /** Grows by one with each event of this agent; what the hub has already is not stored again. */
        number: z.int().min(1),
        at_ms: UnixMs,
        /** `refused`: what came over the channel and was not heeded: forged, replayed, for another agent, too late. */
        kind: z.enum([
          "start",
          "stop",
          "pool",
          "share_fault",
          "watchdog",
          "desired",
          "command",
          "update",
          "clock",
          "disk",
          "refused",
        ]),
        severity: z.enum(["info", "warning", "error"]),
        device_id: z.string().max(16).nullable(),
        text: z.string().max(500),
      }),
    )
    .min(1)
    .max(100),
});
export type AgentEvents = z.infer<typeof AgentEvents>;
