import { z } from "zod";
import { HubLink, LogLevel } from "./common.ts";

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

/** The resolved settings of an agent; see `PoolSettings` for how they travel. */
export const AgentSettings = z.strictObject({
  data_dir: z.string().min(1),
  log_level: LogLevel,
  /** Shown on the dashboard; the host's name when absent. */
  name: z.string().min(1).max(64),
  /** The control plane; null mines alone. */
  hub: HubLink.nullable(),
  algorithm: z.enum(["sha256d"]).default("sha256d"),
  /** In order of preference; the next one is tried when one fails. */
  pools: z.array(UpstreamPool).min(1).max(8),
  /** Mining threads; 0 means one for each core. */
  threads: z.int().min(0).max(1024).default(0),
  /** Nice value of the mining threads: 19 gives way to everything. */
  nice: z.int().min(0).max(19).default(19),
  /** Print a status line for a person watching the terminal. */
  status_line: z.boolean().default(false),
});
export type AgentSettings = z.infer<typeof AgentSettings>;
