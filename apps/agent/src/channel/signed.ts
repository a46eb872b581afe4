/** Orders: what the control plane signed, for this agent, and nothing else. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { SignedMessage, signedStatement } from "@otedama/shared/agent";
import type { z } from "zod";

/** Why an order is not heeded; the code goes back to the control plane and into the counters. */
export interface Refusal {
  code: "bad_message" | "bad_signature" | "bad_payload" | "wrong_agent" | "replayed" | "future" | "busy" | "disk" | "flood";
  message: string;
}

export type Opened<T> = { ok: true; value: T; message: SignedMessage } | { ok: false; refusal: Refusal };

/** The pinned key as node:crypto takes it. Throws for what is no Ed25519 key. */
export function controlKey(raw_base64: string): KeyObject {
  const x = Buffer.from(raw_base64, "base64").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

export interface OpenOptions<T> {
  kind: "command" | "desired";
  schema: z.ZodType<T & { agent_id: string }>;
  agent_id: string;
  key: KeyObject;
}

/** The signature is looked at before the payload is read: what nobody signed is not even parsed. */
export function openSigned<T>(body: unknown, { kind, schema, agent_id, key }: OpenOptions<T>): Opened<T & { agent_id: string }> {
  const refuse = (code: Refusal["code"], message: string) => ({ ok: false as const, refusal: { code, message } });
  const signed = SignedMessage.safeParse(body);
  if (!signed.success) return refuse("bad_message", `This is no signed message: ${firstIssue(signed.error)}.`);
  const { payload, signature } = signed.data;
  if (!verify(null, signedStatement(kind, payload), key, Buffer.from(signature, "base64"))) {
    return refuse("bad_signature", "The signature is not that of the control key which this agent pinned when it enrolled.");
  }
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return refuse("bad_payload", "The payload is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    return refuse("bad_payload", `The payload is no ${kind} that this agent understands: ${firstIssue(parsed.error)}.`);
  if (parsed.data.agent_id !== agent_id) return refuse("wrong_agent", "It is meant for another agent.");
  return { ok: true, value: parsed.data, message: signed.data };
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.join(".") || "it"}: ${issue.message}`.slice(0, 300) : "it cannot be read";
}
