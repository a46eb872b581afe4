/** What the control plane tells an agent: signed, numbered, for that agent alone. And what the agent answers. */
import { z } from "zod";
import { UnixMs } from "../common.ts";
import { Ed25519Signature } from "./hello.ts";

/**
 * A message signed by the control key. `payload` is JSON text, verified as the bytes it arrived in. The signature is over
 * `signedStatement(kind, payload)`.
 */
export const SignedMessage = z.strictObject({ payload: z.string().max(65_536), signature: Ed25519Signature });
export type SignedMessage = z.infer<typeof SignedMessage>;

export function signedStatement(kind: "command" | "desired" | "release", payload: string): Uint8Array {
  return new TextEncoder().encode(`otedama ${kind} 2\n${payload}`);
}

export const CommandBody = z.discriminatedUnion("kind", [
  /** Stops hashing until `resume`; `until_ms` ends it by itself. */
  z.strictObject({ kind: z.literal("pause"), reason: z.string().max(200), until_ms: UnixMs.nullable() }),
  z.strictObject({ kind: z.literal("resume") }),
  z.strictObject({ kind: z.literal("restart_mining") }),
  /** Ends the agent's process with success; its supervisor starts it again. Proved by another start time. */
  z.strictObject({ kind: z.literal("restart_agent") }),
  /** The last lines of the agent's log, as evidence. */
  z.strictObject({ kind: z.literal("read_log"), lines: z.int().min(1).max(500) }),
  /** Goes to that signed release; proved by the version that reports afterwards. */
  z.strictObject({ kind: z.literal("update"), release_number: z.int().min(1) }),
]);
export type CommandBody = z.infer<typeof CommandBody>;

/** The payload of a `command`. */
export const AgentCommand = z.strictObject({
  id: z.uuid(),
  agent_id: z.uuid(),
  /** Grows by agent: a number that is not above the journal's highest is never run again. */
  number: z.int().min(1),
  issued_at_ms: UnixMs,
  deadline_ms: UnixMs,
  body: CommandBody,
});
export type AgentCommand = z.infer<typeof AgentCommand>;

export const COMMAND_STATES = ["queued", "sent", "accepted", "running", "proved", "failed", "expired", "cancelled"] as const;
export const CommandState = z.enum(COMMAND_STATES);
export type CommandState = z.infer<typeof CommandState>;

/** What an agent reports of a command, once for each state; repeated until it is acknowledged. */
export const CommandReport = z.strictObject({
  id: z.uuid(),
  number: z.int().min(1),
  state: z.enum(["accepted", "running", "proved", "failed", "expired"]),
  at_ms: UnixMs,
  /** In words: what was read back, or what went wrong and what to do. */
  message: z.string().max(1_000),
  /** What was read back, as data. */
  evidence: z.record(z.string().max(64), z.json()).nullable(),
});
export type CommandReport = z.infer<typeof CommandReport>;

/** Also part of a folder's name on the rig. */
export const ReleaseVersion = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$/, "must be letters, digits and . + _ - only, at most 64 of them");

export const ReleaseFile = z.strictObject({
  /** As Node names them. */
  platform: z.enum(["linux-x64", "linux-arm64"]),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,100}$/),
  bytes: z
    .int()
    .min(1)
    .max(512 * 1024 * 1024),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ReleaseFile = z.infer<typeof ReleaseFile>;

/** What `npm run build:agent` writes beside an executable: a release to be. */
export const AgentBuild = ReleaseFile.extend({ version: ReleaseVersion });
export type AgentBuild = z.infer<typeof AgentBuild>;

/** An Ed25519-signed release (the payload of a SignedMessage of kind `release`). */
export const ReleaseManifest = z.strictObject({
  /** Grows with each release: an agent never goes back to a lower one but by its own roll-back to what it ran before. */
  number: z.int().min(1),
  version: ReleaseVersion,
  made_at_ms: UnixMs,
  files: z.array(ReleaseFile).min(1).max(8),
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;
