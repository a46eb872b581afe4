/** Desired state: what a rig should mine, and what it proves. */
import { z } from "zod";
import { StratumUrl } from "../../settings/agent.ts";
import { UnixMs } from "../common.ts";

/** `%RIG%` the rig's name, `%ID%` the first eight digits of its id, `%RACK%` and `%SLOT%` its place; others are refused. */
const Template = z.string().max(256);

export const FlightSheet = z.strictObject({
  algorithm: z.enum(["sha256d"]),
  /** In order of preference; the next one is tried when one fails. */
  pools: z
    .array(z.strictObject({ url: StratumUrl, password: z.string().max(256) }))
    .min(1)
    .max(8),
  /** What is paid: an address, or a user name on a pool that has them. */
  wallet: z.string().min(1).max(128),
  /** Follows the wallet after a dot; empty for none. */
  worker: Template,
  cpu: z.strictObject({
    enabled: z.boolean(),
    /** 0 means one for each core. */
    threads: z.int().min(0).max(1024),
    nice: z.int().min(0).max(19),
    /** Of each second, how much is spent hashing. */
    intensity_percent: z.int().min(1).max(100),
    /** Through RAPL, where the system lets us; null leaves it alone. */
    power_limit_watts: z.number().min(5).max(2_000).nullable(),
  }),
  /** Hashing is thinned out from the first on and stopped at the second. */
  temperature: z.strictObject({ throttle_c: z.number().min(40).max(110), stop_c: z.number().min(45).max(120) }),
});
export type FlightSheet = z.infer<typeof FlightSheet>;

/** The payload of a `desired`. */
export const DesiredState = z.strictObject({
  agent_id: z.uuid(),
  /** Grows by agent; a lower one than the agent has is refused. */
  revision: z.int().min(1),
  issued_at_ms: UnixMs,
  /** Where it comes from, for people: the sheet's name and version. Null: nothing is assigned, and the rig does as its own settings say. */
  sheet: z
    .strictObject({ name: z.string().max(100), version: z.int().min(1), content: FlightSheet, worker_user: z.string().max(256) })
    .nullable(),
  /** Not mining, and why: a curtailment, a price rule, a person. */
  paused: z.strictObject({ reason: z.string().max(200) }).nullable(),
});
export type DesiredState = z.infer<typeof DesiredState>;

export const PROOF_STATES = ["converging", "proved", "drifting", "failing"] as const;
export const ProofState = z.enum(PROOF_STATES);
export type ProofState = z.infer<typeof ProofState>;

/** What the agent says of its desired state: at each change, and once more at each connection. */
export const DesiredReport = z.strictObject({
  revision: z.int().min(0),
  state: ProofState,
  since_ms: UnixMs,
  message: z.string().max(500),
  /** Each thing that was asked and what was read back; a difference is what makes it drift or fail. */
  checks: z
    .array(
      z.strictObject({
        name: z.enum(["algorithm", "pool", "user", "threads", "nice", "intensity", "power_limit", "mining"]),
        wanted: z.string().max(300),
        found: z.string().max(300),
        ok: z.boolean(),
      }),
    )
    .max(16),
});
export type DesiredReport = z.infer<typeof DesiredReport>;
