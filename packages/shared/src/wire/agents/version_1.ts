/**
 * Protocol 1 of the hub's namespace `/agents`, still understood: the agent connects out with `auth: AgentHelloV1` and is known by an
 * access token. The hub refuses with a Socket.IO connect_error whose `data` is `{code, message}` (codes: bad_token, revoked,
 * bad_hello, version; unavailable means try again later).
 * Agent → hub: `telemetry` (AgentTelemetry, acknowledged) every 5 s.
 */
import { z } from "zod";
import { Count, Hashrate, ShareCounts, UnixMs } from "../common.ts";

const Text = z.string().max(200);

export const AgentHelloV1 = z.strictObject({
  protocol: z.int(),
  token: z.string().min(16).max(256),
  /** Made once by the agent and kept in its data folder. */
  agent_id: z.uuid(),
  name: z.string().min(1).max(64),
  hostname: Text,
  os: Text,
  arch: Text,
  version: Text,
  cpu: z.strictObject({
    model: Text,
    cores: z.int().min(1).max(4096),
    threads: z.int().min(1).max(8192),
    numa_nodes: z.int().min(1).max(1024),
    /** As the kernels see them: sse4_1, avx2, avx512f, sha_ni … */
    features: z.array(z.string().max(32)).max(64),
  }),
});
export type AgentHelloV1 = z.infer<typeof AgentHelloV1>;

export const DeviceTelemetry = z.strictObject({
  /** Stable on this rig: `cpu0` is the first processor package. */
  device_id: z.string().regex(/^[a-z]+[0-9]{1,4}$/),
  kind: z.enum(["cpu", "gpu", "asic"]),
  name: Text,
  /** The kernel that runs on it: `sha256d/avx512`; null when it does not mine. */
  kernel: Text.nullable(),
  threads: z.int().min(0).max(8192),
  hashrate_hps: z.strictObject({ s10: Hashrate, s60: Hashrate, m15: Hashrate }),
  temperature_c: z.number().min(-100).max(300).nullable(),
  power_watts: z.number().min(0).max(1e6).nullable(),
  hardware_errors: Count,
});
export type DeviceTelemetry = z.infer<typeof DeviceTelemetry>;

export const AgentTelemetry = z.strictObject({
  at_ms: UnixMs,
  uptime_s: z.number().min(0),
  load_1m: z.number().min(0),
  memory_total_bytes: Count,
  memory_free_bytes: Count,
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
  devices: z.array(DeviceTelemetry).max(64),
});
export type AgentTelemetry = z.infer<typeof AgentTelemetry>;
