/**
 * `POST /api/agent/enrol`, once in an agent's life: a single-use token and the key that the agent made for itself. The same key may
 * ask again with the same token (an answer can be lost); another key is refused and counted. Errors: `{code, message}` with
 * 400 bad_request, 403 bad_token | used_token | expired_token, 409 known_agent, 429 too_many, 503 unavailable.
 */
import { z } from "zod";
import { AgentFacts, Ed25519Key, Ed25519Signature } from "./hello.ts";

export const ENROLMENT_TOKEN_MINUTES_MAX = 15;

export const EnrolRequest = z.strictObject({
  token: z.string().min(16).max(256),
  agent_id: z.uuid(),
  public_key: Ed25519Key,
  facts: AgentFacts,
  /** Over `enrolStatement`: the key is the agent's own. */
  signature: Ed25519Signature,
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const EnrolAnswer = z.strictObject({
  agent_id: z.uuid(),
  site: z.string().max(200),
  /** Pinned by the agent: releases, commands and desired state must be signed by it. */
  control_key: Ed25519Key,
});
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;

export function enrolStatement(request: Pick<EnrolRequest, "token" | "agent_id" | "public_key">): Uint8Array {
  return new TextEncoder().encode(`otedama agent enrol 2\n${request.token}\n${request.agent_id}\n${request.public_key}\n`);
}
