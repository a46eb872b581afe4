import { createPublicKey, type KeyObject } from "node:crypto";

const RAW_BYTES = 32;

/** An agent's raw Ed25519 key (RFC 8032) as Node takes it; null for what is none. */
export function agentKey(raw_base64: string): KeyObject | null {
  const raw = Buffer.from(raw_base64, "base64");
  if (raw.length !== RAW_BYTES) return null;
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") } });
}
