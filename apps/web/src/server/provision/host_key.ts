/** SSH host keys as they come over the line: RFC 4253, section 6.6. */
import { createHash } from "node:crypto";

export interface HostKey {
  type: string;
  /** The whole public key as SSH sends it. */
  key: Buffer;
  /** As `ssh-keygen -lf` prints it. */
  fingerprint: string;
}

/** Null for what is no public key. */
export function readHostKey(key: Buffer): HostKey | null {
  if (key.length < 8 || key.length > 16_384) return null;
  const length = key.readUInt32BE(0);
  if (length < 3 || length > 64 || key.length < 4 + length + 4) return null;
  const type = key.toString("latin1", 4, 4 + length);
  if (!/^[a-z0-9@.-]+$/.test(type)) return null;
  const fingerprint = `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
  return { type, key: Buffer.from(key), fingerprint };
}

/** Signature algorithms for each key type, best first (RFC 8332 for RSA). */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/**
 * What to offer a server. A server has several keys and shows the one that the client likes best: the pinned types come first, so
 * that a server which still has its pinned key shows that one.
 */
export function hostKeyAlgorithms(pinned_types: readonly string[]): string[] {
  const types = [...pinned_types.filter((type) => type in ALGORITHMS), ...Object.keys(ALGORITHMS)];
  return [...new Set(types)].flatMap((type) => ALGORITHMS[type] ?? []);
}
