/**
 * Namespace `/agents` of the hub, protocol 2. The agent connects out with `auth: AgentHello`; the hub answers with the event
 * `challenge` (AgentChallenge), which the agent acknowledges with an AgentProof, and then with `welcome` (AgentWelcome). Nothing else
 * is heard before. A refusal is a Socket.IO connect_error, or the event `refused` before the connection ends, with `{code, message}`
 * (codes: unknown_agent, retired, bad_proof, bad_hello, version; unavailable means try again later).
 *
 * Agent → hub, each acknowledged with an Ack: `telemetry` (AgentReport), `backlog` (AgentBacklog), `event` (AgentEvents),
 * `command` (CommandReport), `desired` (DesiredReport). Hub → agent, acknowledged: `command` and `desired` (SignedMessage).
 *
 * `{ok: true}` means that it is stored: it survives whatever happens to the hub. A refusal with one of `AGENT_TRY_AGAIN` means that the
 * same message is welcome later; any other means that it never will be, and the agent drops it. A message longer than
 * `AGENT_MESSAGE_BYTES_MAX` ends the connection unread, so a backlog is cut to fit.
 */
import { z } from "zod";
import { SUPERVISIONS } from "../../settings/agent.ts";
import { UnixMs } from "../common.ts";

export const AGENT_MESSAGE_BYTES_MAX = 131_072;
export const AGENT_TRY_AGAIN: readonly string[] = ["busy", "unavailable", "flood"];

export const Text = z.string().max(200);
/** Raw bytes in base64: an Ed25519 key is 32 of them, a signature 64 (RFC 8032). */
export const Ed25519Key = z.base64().length(44);
export const Ed25519Signature = z.base64().length(88);
/** 32 random bytes. */
export const Nonce = z.base64().length(44);

export const AgentFacts = z.strictObject({
  name: z.string().min(1).max(64),
  hostname: Text,
  os: Text,
  arch: Text,
  version: Text,
  /** The number of the signed release it came from; null when it runs from source. */
  release_number: z.int().min(0).nullable(),
  /** How it runs: a systemd service, supervised in the foreground, or by hand. */
  supervision: z.enum(SUPERVISIONS),
  cpu: z.strictObject({
    model: Text,
    cores: z.int().min(1).max(4096),
    threads: z.int().min(1).max(8192),
    numa_nodes: z.int().min(1).max(1024),
    /** As the kernels see them: sse4_1, avx2, avx512f, sha_ni … */
    features: z.array(z.string().max(32)).max(64),
  }),
});
export type AgentFacts = z.infer<typeof AgentFacts>;

export const AgentHello = z.strictObject({
  protocol: z.literal(2),
  /** Made once by the agent and kept in its data folder. */
  agent_id: z.uuid(),
  public_key: Ed25519Key,
  facts: AgentFacts,
  at_ms: UnixMs,
  /** The revision of the desired state that it has; 0 for none. */
  desired_revision: z.int().min(0),
  /** The highest command number in its journal; 0 for none. */
  command_number: z.int().min(0),
});
export type AgentHello = z.infer<typeof AgentHello>;

export const AgentChallenge = z.strictObject({ nonce: Nonce, at_ms: UnixMs });
export type AgentChallenge = z.infer<typeof AgentChallenge>;

/** `signature` is over `challengeStatement`. */
export const AgentProof = z.strictObject({ signature: Ed25519Signature });
export type AgentProof = z.infer<typeof AgentProof>;

export const AgentWelcome = z.strictObject({
  /** What the agent's clock should have shown: more than a minute off is told to the operator. */
  at_ms: UnixMs,
  telemetry_interval_ms: z.int().min(1_000).max(600_000),
  /** The hub has every report of this agent up to this number: none of them need be sent again. */
  report_number: z.int().min(0),
});
export type AgentWelcome = z.infer<typeof AgentWelcome>;

/** What an agent signs to be let in: bound to the purpose, the hub's challenge and the agent, so that it proves nothing elsewhere. */
export function challengeStatement(agent_id: string, { nonce, at_ms }: AgentChallenge): Uint8Array {
  return new TextEncoder().encode(`otedama agent channel 2\n${agent_id}\n${nonce}\n${at_ms}\n`);
}
