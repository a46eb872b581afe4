/**
 * How a receiver knows that a webhook is ours: HMAC-SHA-256 over the time stamp, a dot and the body as it was sent, in hex behind `v1=`.
 * The time stamp is signed too, so that a receiver can refuse what somebody recorded and sends again.
 */
import { createHmac, randomBytes } from "node:crypto";

export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString("base64url")}`;
}

export function signatureOf(secret: string, timestamp_s: number, body: string): string {
  return `v1=${createHmac("sha256", secret).update(`${timestamp_s}.${body}`, "utf8").digest("hex")}`;
}
