import { z } from "zod";
import { LogLevel } from "./common.ts";

/** `stratum+tcp://HOST:PORT` (TLS: `stratum+ssl://HOST:PORT`). */
export const StratumUrl = z
  .string()
  .max(300)
  .regex(/^stratum\+(tcp|ssl):\/\/(\[[0-9a-fA-F:.]+\]|[^/:@\s]+):\d{1,5}$/, "must look like stratum+tcp://HOST:PORT");

export const UpstreamPool = z.strictObject({
  url: StratumUrl,
  user: z.string().min(1).max(256),
  password: z.string().max(256).default("x"),
});
export type UpstreamPool = z.infer<typeof UpstreamPool>;

/**
 * How an agent reaches its control plane. It knows itself by the identity in its data folder, once it is enrolled: `enrol_token` lets
 * it in the first time, and a token that it has used already is passed over.
 */
export const AgentHub = z.strictObject({ url: z.url(), enrol_token: z.string().min(16).max(256).optional() });
export type AgentHub = z.infer<typeof AgentHub>;

/** Who starts the agent again when it ends. */
export const SUPERVISIONS = ["systemd", "foreground", "none"] as const;

/** The resolved settings of an agent; see `PoolSettings` for how they travel. */
export const AgentSettings = z.strictObject({
  data_dir: z.string().min(1),
  log_level: LogLevel,
  /** Shown on the dashboard; the host's name when absent. */
  name: z.string().min(1).max(64),
  /** The control plane; null mines alone. */
  hub: AgentHub.nullable(),
  algorithm: z.enum(["sha256d"]).default("sha256d"),
  /** In order of preference; the next one is tried when one fails. */
  pools: z.array(UpstreamPool).min(1).max(8),
  /** Mining threads; 0 means one for each core. */
  threads: z.int().min(0).max(1024).default(0),
  /** Nice value of the mining threads: 19 gives way to everything. */
  nice: z.int().min(0).max(19).default(19),
  /** Print a status line for a person watching the terminal. */
  status_line: z.boolean().default(false),
  /** Found out when absent. */
  supervision: z.enum(SUPERVISIONS).optional(),
  /** Of its own resident memory: above it the agent starts itself again, where something starts it again. */
  memory_max_bytes: z
    .int()
    .min(64 * 1024 * 1024)
    .default(768 * 1024 * 1024),
  /** What is kept on disk of reports that the control plane has not acknowledged; the oldest go first. */
  buffer_max_bytes: z
    .int()
    .min(256 * 1024)
    .max(16 * 1024 ** 3)
    .default(64 * 1024 * 1024),
});
export type AgentSettings = z.infer<typeof AgentSettings>;
